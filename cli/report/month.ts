/** What was seen less long ago may still be on its way, s: two looks. */
const SETTLES = 30;

/** A month, or what has passed of it. */
export interface Month {
  /** "2026-11". */
  name: string;
  /** IANA name of the time zone that its days begin in. */
  zone: string;
  /** s since 1970. */
  from: number;
  /** Its end, or just before now: s since 1970. */
  to: number;
}

/**
 * A month in a time zone. Pure.
 * @param text "2026-11"; default: the one that is
 * @param now s since 1970
 * @throws Error when it is no month, or has not begun
 */
export function monthOf(text: string | undefined, zone: string, now: number): Month {
  const name = text ?? dayOf(now, zone).slice(0, 7);
  const [, year = "", month = ""] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(name) ?? [];
  if (year === "") throw new Error(`--month ${name}: a month such as 2026-11`);
  const from = startOf(Number(year), Number(month), zone);
  if (from >= now - SETTLES) throw new Error(`--month ${name}: it has not begun`);
  const end = startOf(Number(year), Number(month) + 1, zone);
  return { name, zone, from, to: Math.min(end, Math.floor(now) - SETTLES) };
}

/** The days of UTC that a time is in, the first and the last. @param to not part of it */
export const daysOf = ({ from, to }: Pick<Month, "from" | "to">): [first: string, last: string] => [
  dayOf(from, "UTC"),
  dayOf(to - 1, "UTC"),
];

/** "2026-11-27". */
const dayOf = (seconds: number, zone: string): string => timeOf(seconds, zone).slice(0, 10);

/** "2026-11-27 13:42:14". */
export const timeOf = (seconds: number, zone: string): string =>
  new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(seconds * 1000);

/** When a month begins, s since 1970. @param month from 1; 13 is the first of the next year */
function startOf(year: number, month: number, zone: string): number {
  const wanted = Date.UTC(year, month - 1, 1) / 1000;
  const ahead = (at: number) => Date.parse(`${timeOf(at, zone).replace(" ", "T")}Z`) / 1000 - at;
  // The second time with what is true there: clocks may have been changed in between.
  return wanted - ahead(wanted - ahead(wanted));
}
