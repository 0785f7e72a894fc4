/** Moments of a scale-out, ms since 1970. */
export interface Moments {
  /** The service decided. */
  decided: number;
  /** The last of the new nodes answered its first request. */
  served: number;
}

/** Parts of a scale-out in their order, and what begins the next one in the update's log. */
const PHASES: { what: string; until: RegExp; last?: boolean }[] = [
  { what: "the update's process starts", until: / web pool: / },
  {
    what: "Pulumi and its program, up to the first machine",
    until: /\bweb-\S+-(container|domain) creating\b/,
  },
  { what: "machines are made", until: /\bweb-\S+-(container|domain) created\b/, last: true },
  { what: "they are configured, their services start", until: /\bweb-config (updated|created)\b/ },
];
/** What is left: HAProxy's checks, and the pause between two requests. */
const REST = "into rotation, up to the first request of the last one";

/**
 * Where the time of a scale-out goes, s. Pure.
 * @param log of the update, each line after its time as ISO 8601
 * @returns a phase whose end the log does not tell is in the next one
 */
export function scaleOutPhases(
  log: string,
  { decided, served }: Moments,
): { what: string; seconds: number }[] {
  const lines = log.split("\n").flatMap((line) => {
    const at = Date.parse(line.slice(0, line.indexOf(" ")));
    return at >= decided && at <= served ? [{ at, line }] : [];
  });
  const phases: { what: string; seconds: number }[] = [];
  let begin = decided;
  for (const { what, until, last } of PHASES) {
    const found = lines.filter(({ line }) => until.test(line));
    const end = (last ? found.at(-1) : found[0])?.at;
    if (end === undefined) continue;
    phases.push({ what, seconds: (end - begin) / 1000 });
    begin = end;
  }
  return [...phases, { what: REST, seconds: (served - begin) / 1000 }];
}
