import { z } from "zod";
import { quote } from "../components/look";

/** One line that a machine logged. */
export interface LogLine {
  /** When, µs since 1970. */
  at: number;
  machine: string;
  /** Who wrote it: "slurmctld", "redis-server[12]". */
  source: string;
  text: string;
}

/** Which lines are asked for. */
export interface LogFilter {
  /** Machines. */
  machines: string[];
  /** How far back, s. */
  since: number;
  /** What is in the line, in whatever case; a text, no expression. Default: anything. */
  grep?: string | undefined;
}

/** The newest so many are shown: more nobody reads, and the store holds all of them in memory to sort them. */
export const MOST_LINES = 10_000;

/** A text as a regular expression, as RE2 and PCRE2 read it. Pure. */
const literal = (text: string): string => text.replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&");
/** As LogsQL quotes. */
const word = (text: string): string => JSON.stringify(text);

/** Shell text that asks a machine of the monitor for lines of all machines. Pure. */
export function storeCommand({ machines, since, grep }: LogFilter): string {
  const filters = [
    `_time:${since}s`,
    `_HOSTNAME:in(${machines.map(word).join(",")})`,
    ...(grep === undefined ? [] : [`_msg:~${word(`(?i)${literal(grep)}`)}`]),
  ];
  const fields = "_time,_HOSTNAME,SYSLOG_IDENTIFIER,_COMM,_PID,_msg";
  return `log-query ${quote(`${filters.join(" ")} | fields ${fields} | sort by (_time desc) limit ${MOST_LINES}`)}`;
}

/** Shell text that asks a machine for its own lines. Pure. */
export function journalCommand({ since, grep }: Omit<LogFilter, "machines">): string {
  const fields = "_HOSTNAME,SYSLOG_IDENTIFIER,_COMM,_PID,MESSAGE";
  const words = [
    "journalctl --quiet --no-pager --all --output=json",
    `--output-fields=${fields} --since=-${since}s --lines=${MOST_LINES}`,
    ...(grep === undefined ? [] : [`--case-sensitive=no --grep=${quote(literal(grep))}`]),
  ];
  // 1: it found none.
  return `${words.join(" ")} || [ $? = 1 ]`;
}

const origin = {
  _HOSTNAME: z.string().default("?"),
  SYSLOG_IDENTIFIER: z.string().optional(),
  _COMM: z.string().optional(),
  _PID: z.string().optional(),
};
const storedSchema = z.object({ ...origin, _time: z.string(), _msg: z.string().default("") });
const journalSchema = z.object({
  ...origin,
  __REALTIME_TIMESTAMP: z.string(),
  /** Bytes where they are no text; a list of them where there are several. */
  MESSAGE: z.unknown(),
});

const sourceOf = (row: { SYSLOG_IDENTIFIER?: string; _COMM?: string; _PID?: string }): string =>
  `${row.SYSLOG_IDENTIFIER ?? row._COMM ?? "?"}${row._PID === undefined ? "" : `[${row._PID}]`}`;

/** µs since 1970 of a time as the store writes it: 2026-11-27T04:45:30.064624Z, with as many digits as there are. */
function microseconds(time: string): number {
  const [seconds = "", fraction = ""] = time.replace(/Z$/, "").split(".");
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

/** What the store answered. Pure. @throws when it is no answer of a store */
export const readStored = (text: string): LogLine[] =>
  rows(text).map((line) => {
    const row = storedSchema.parse(JSON.parse(line));
    const at = microseconds(row._time);
    return { at, machine: row._HOSTNAME, source: sourceOf(row), text: row._msg };
  });

/** What journalctl printed. Pure. @throws when it is nothing of journalctl */
export const readJournal = (text: string): LogLine[] =>
  rows(text).map((line) => {
    const row = journalSchema.parse(JSON.parse(line));
    return {
      at: Number(row.__REALTIME_TIMESTAMP),
      machine: row._HOSTNAME,
      source: sourceOf(row),
      text: messageOf(row.MESSAGE),
    };
  });

const rows = (text: string): string[] => text.split("\n").filter((line) => line !== "");

function messageOf(message: unknown): string {
  if (typeof message === "string") return message;
  if (!Array.isArray(message)) return "";
  if (message.every((byte) => typeof byte === "number")) return Buffer.from(message).toString();
  return message.map(messageOf).join("\n");
}

/**
 * In the order of time, the newest of them. A line that was sent again, because nobody knew whether it had come, is there
 * once: two of one machine have never the same microsecond and the same words.
 */
export function inOrder(lines: LogLine[]): LogLine[] {
  const known = new Map(lines.map((line) => [`${line.at} ${line.machine} ${line.text}`, line]));
  return [...known.values()].sort((a, b) => a.at - b.at).slice(-MOST_LINES);
}

/** A line for a person: when in the time zone of who asks, where, who, what. Pure. */
export function renderLine({ at, machine, source, text }: LogLine): string {
  const when = new Date(Math.floor(at / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const date = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join("-");
  const time = [when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join(":");
  const ms = String(when.getMilliseconds()).padStart(3, "0");
  // A terminal obeys what it is shown, and whoever logs is not to be obeyed.

  const shown = text.trimEnd().replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "·");
  return `${date} ${time}.${ms} ${machine} ${source}: ${shown.replaceAll("\n", "\n    ")}`;
}
