/** What the monitor's pages ask for and draw. */
import { useEffect, useState } from "preact/hooks";
import type { Unit } from "../watched";
import { Refused } from "./api";
import type { Locale } from "./locale";

/** How often a page that is seen is asked for again, ms. */
const EVERY = 30_000;

export interface Asked<T> {
  value?: T;
  /** Why the last question was not answered. */
  fault?: string;
  /** Asks at once. */
  again: () => void;
}

/** An answer, kept true while the page is seen. @param key another one is another question @param leave called when logged out */
export function useAsked<T>(ask: () => Promise<T>, key: string, leave: () => void): Asked<T> {
  const [known, setKnown] = useState<{ key: string; value?: T; fault?: string }>({ key });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let current = true;
    const look = () => {
      if (document.hidden) return;
      ask().then(
        (value) => current && setKnown({ key, value }),
        (error: unknown) => {
          if (!current) return;
          if (error instanceof Refused && error.status === 401) leave();
          const fault = error instanceof Error ? error.message : String(error);
          // What was known is still shown, with the fault.
          setKnown((was) => ({ key, fault, ...(was.key === key && { value: was.value }) }));
        },
      );
    };
    look();
    const timer = setInterval(look, EVERY);
    document.addEventListener("visibilitychange", look);
    return () => {
      current = false;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [key, round]);
  const { value, fault } = known.key === key ? known : {};
  return { value, fault, again: () => setRound((r) => r + 1) };
}

const scaled = (value: number, steps: [number, string][], number: Locale["number"]): string => {
  const [size, unit] = steps.findLast(([from]) => Math.abs(value) >= from) ?? steps[0] ?? [1, ""];
  return `${number(value / size, Math.abs(value / size) < 10 ? 1 : 0)} ${unit}`;
};
const BYTES: [number, string][] = [
  [1, "B"],
  [2 ** 10, "KiB"],
  [2 ** 20, "MiB"],
  [2 ** 30, "GiB"],
];

/** A number of a panel in its unit. Pure. */
export function written(unit: Unit, value: number, { number, t }: Locale): string {
  const plain = number(value, Math.abs(value) < 10 ? 2 : 0);
  switch (unit) {
    case "share":
      return `${number(value * 100, 1)} %`;
    case "bytes":
      return scaled(value, BYTES, number);
    case "bytes/s":
      return `${scaled(value, BYTES, number)}/s`;
    case "seconds":
      return seconds(value, number);
    case "1/s":
      return `${plain}/s`;
    case "1/min":
      return `${plain}/min`;
    case "yes or no":
      return value > 0 ? t.yes : t.no;
    case "count":
      return plain;
  }
}

/** From three of a unit on it is said in it. */
function seconds(value: number, number: Locale["number"]): string {
  const size = Math.abs(value);
  if (size > 0 && size < 1) return `${number(value * 1000, 1)} ms`;
  if (size < 180) return `${number(value, size < 10 ? 1 : 0)} s`;
  if (size < 3 * 3600) return `${number(value / 60, 0)} min`;
  if (size < 3 * 86_400) return `${number(value / 3600, 0)} h`;
  return `${number(value / 86_400, 0)} d`;
}
