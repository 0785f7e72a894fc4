import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Language, type Texts, texts } from "./texts";

/** How texts, times and numbers are said. */
export interface Locale {
  language: Language;
  t: Texts;
  /** "14:02:11" in the site's time zone; with the date when it is another day than `now`. */
  time: (ms: number, now?: number) => string;
  /** The same to the minute. */
  minute: (ms: number, now: number) => string;
  /** "14:02". */
  clock: (ms: number) => string;
  number: (value: number, digits?: number) => string;
}

const KEPT = "hpc-ha-language";

/** What was chosen here, else what the browser prefers. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "ko") return kept;
  return navigator.language.startsWith("ko") ? "ko" : "en";
}

export const keepLanguage = (language: Language) => localStorage.setItem(KEPT, language);

export function locale(language: Language, timeZone?: string): Locale {
  const base = { timeZone, hourCycle: "h23", hour: "2-digit", minute: "2-digit" } as const;
  const seconds = new Intl.DateTimeFormat(language, { ...base, second: "2-digit" });
  const minutes = new Intl.DateTimeFormat(language, base);
  const day = new Intl.DateTimeFormat(language, { timeZone, month: "short", day: "numeric" });
  const isToday = (ms: number, now: number) => day.format(ms) === day.format(now);
  const dated = (ms: number) => `${day.format(ms)} ${minutes.format(ms)}`;
  return {
    language,
    t: texts[language],
    time: (ms, now) => (now === undefined || isToday(ms, now) ? seconds.format(ms) : dated(ms)),
    minute: (ms, now) => (isToday(ms, now) ? minutes.format(ms) : dated(ms)),
    clock: (ms) => minutes.format(ms),
    number: (value, digits = 0) =>
      value.toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: 0 }),
  };
}

export const LocaleContext = createContext<Locale>(locale("en"));
export const useLocale = (): Locale => useContext(LocaleContext);
