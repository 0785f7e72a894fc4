import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

/** How something is: told by its form too, not by its colour alone. */
export type Health = "good" | "warn" | "bad" | "unknown";

const FORMS: Record<Health, string> = {
  good: "M6 1.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z",
  warn: "M6 1 11.4 10.6H.6Z",
  bad: "M1.5 1.5h9v9h-9Z",
  unknown: "M6 .8 11.2 6 6 11.2.8 6Z",
};

export const Mark = ({ health, label }: { health: Health; label?: string }) => (
  <svg
    class={`mark ${health}`}
    viewBox="0 0 12 12"
    role={label === undefined ? undefined : "img"}
    aria-label={label}
    aria-hidden={label === undefined}
  >
    <path d={FORMS[health]} />
  </svg>
);

interface PanelProps {
  id: string;
  title: string;
  /** At the right of the title. */
  side?: ComponentChildren;
  children: ComponentChildren;
}

export const Panel = ({ id, title, side, children }: PanelProps) => (
  <section class={`panel ${id}`} aria-labelledby={`${id}-title`}>
    <div class="panel-head">
      <h2 id={`${id}-title`}>{title}</h2>
      {side}
    </div>
    {children}
  </section>
);

interface ChoiceProps<T extends string> {
  name: string;
  label: string;
  options: readonly (readonly [value: T, text: string, lang?: string])[];
  value: T;
  change: (value: T) => void;
}

/** One of a few. */
export const Choice = <T extends string>({
  name,
  label,
  options,
  value,
  change,
}: ChoiceProps<T>) => (
  <fieldset class="choice">
    <legend class="unseen">{label}</legend>
    {options.map(([option, text, lang]) => (
      <label key={option} lang={lang}>
        <input
          type="radio"
          name={name}
          value={option}
          checked={option === value}
          onChange={() => change(option)}
        />
        <span>{text}</span>
      </label>
    ))}
  </fieldset>
);

/** The time, once a second, ms since 1970. @param ahead of this browser's clock, ms */
export function useNow(ahead: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now + ahead;
}

/** Whether dark colours are wanted. */
export function useDark(): boolean {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const change = () => setDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return dark;
}
