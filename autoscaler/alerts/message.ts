import type { Alert } from "../model";
import type { Batch } from "./sender";

/** How a site is named, and its clock. */
export interface Place {
  site: string;
  /** IANA time zone. */
  timeZone: string;
}

const SEVERITIES: Alert["severity"][] = ["critical", "warning"];

/** One line: the worst of what is new, or that something is over. */
export function subject({ firing, resolved }: Batch, { site }: Place): string {
  const worst = [...firing].sort(bySeverity);
  const [first, ...others] = [...worst, ...resolved];
  const state = worst[0]?.severity ?? "resolved";
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  // The sentence may begin with the site itself.
  const sentence = oneLine(first?.summary ?? "").replace(`${site}: `, "");
  return `[${site}] ${state}: ${sentence}${more}`;
}

/** All of it, two lines each: what, since when, and the sentence. */
export function text({ firing, resolved }: Batch, place: Place): string {
  const lines = (state: (alert: Alert) => string) => (alert: Alert) =>
    `${state(alert)}: ${alert.name}, since ${timeOf(alert.since, place)}\n${oneLine(alert.summary)}`;
  return [
    ...[...firing].sort(bySeverity).map(lines(({ severity }) => severity)),
    ...resolved.map(lines(() => "resolved")),
  ].join("\n\n");
}

const bySeverity = (a: Alert, b: Alert): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
const oneLine = (words: string): string => words.replace(/\s+/g, " ").trim();

/** e.g. "2026-11-26 18:30 Asia/Seoul" */
const timeOf = (ms: number, { timeZone }: Place): string =>
  `${new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }).format(ms)} ${timeZone}`;
