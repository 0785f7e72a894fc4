import { Cron } from "croner";
import type { AutoscalerConfig } from "../../components/web/autoscaler";
import type { Vote } from "../model";

type Settings = Pick<AutoscalerConfig, "schedule" | "exceptions" | "timeZone">;

/** What the schedule says at a moment. */
export interface Level {
  /** The pool is not smaller, or is exactly so large: one of the two. */
  floor?: number;
  size?: number;
  cron: string;
  /** Until when it says so, ms since 1970; undefined: for ever. */
  until?: number;
}

/** What was found last, and since when it holds: it does until its `until`, and finding it takes longer than all else of a decision. */
const found = new WeakMap<Settings, { from: number; level: Level }>();

/**
 * The newest entry that was due, however long ago that is: a service that starts at 09:10 knows that 09:00 has passed. Of two at
 * the same time the larger one. On an exception day there is none, and one that would have come due on it has not.
 */
export function levelAt(now: number, settings: Settings): Level | undefined {
  const last = found.get(settings);
  if (last && now >= last.from && now < (last.level.until ?? Infinity)) return last.level;
  const level = findLevel(now, settings);
  if (level) found.set(settings, { from: now, level });
  return level;
}

function findLevel(now: number, settings: Settings): Level | undefined {
  const { schedule, timeZone } = settings;
  if (isException(now, settings)) return undefined;
  const due = schedule.flatMap((entry) => {
    const at = lastRun(entry.cron, now, settings);
    return at === undefined ? [] : [{ ...entry, at }];
  });
  const amount = ({ floor, size }: Level): number => floor ?? size ?? 0;
  const [newest] = due.sort((a, b) => b.at - a.at || amount(b) - amount(a));
  if (newest === undefined) return undefined;
  const { floor, size, cron } = newest;
  const next = schedule.map((entry) => cronOf(entry.cron, timeZone).nextRun(new Date(now)));
  const ends = [...next.map((date) => date?.getTime()), nextException(now, settings)];
  const until = Math.min(...ends.map((at) => at ?? Infinity));
  return {
    cron,
    ...(floor !== undefined && { floor }),
    ...(size !== undefined && { size }),
    ...(until < Infinity && { until }),
  };
}

/** The same as a vote; undefined when no schedule holds. */
export function scheduleVote(level: Level | undefined): Vote | undefined {
  if (level === undefined) return undefined;
  return { rule: "schedule", wanted: level.floor ?? level.size, of: level.cron };
}

const cronOf = (cron: string, timezone: string): Cron =>
  new Cron(cron, { mode: "5-part", timezone });

/** When an entry was last due on a day that is no exception; @returns undefined when never */
function lastRun(cron: string, now: number, settings: Settings): number | undefined {
  const entry = cronOf(cron, settings.timeZone);
  // What croner gives is before what it is asked for: this second's would be missed.
  let before = (Math.floor(now / 1000) + 1) * 1000;
  for (;;) {
    const run = entry.previousRuns(1, new Date(before))[0]?.getTime();
    if (run === undefined || !isException(run, settings)) return run;
    before = startOfDay(run, settings.timeZone);
  }
}

/** Midnight, or the first moment of the day where the clocks skip it. */
const startOfDay = (at: number, timeZone: string): number =>
  cronOf("0 0 * * *", timeZone)
    .previousRuns(1, new Date(at + 1000))[0]
    ?.getTime() ?? at;

/** When the next exception day begins. */
function nextException(now: number, { exceptions, timeZone }: Settings): number | undefined {
  if (exceptions.length === 0) return undefined;
  const today = dateIn(now, timeZone);
  const [next] = exceptions.filter((date) => date > today).sort();
  if (next === undefined) return undefined;
  const [, month, day] = next.split("-").map(Number);
  const first = cronOf(`0 0 ${day} ${month} *`, timeZone);
  // It is of some year; which one, the date says.
  const year = Number(next.slice(0, 4)) - Number(today.slice(0, 4));
  return first
    .nextRuns(year + 1, new Date(now))
    .find((run) => dateIn(+run, timeZone) === next)
    ?.valueOf();
}

const isException = (at: number, { exceptions, timeZone }: Settings): boolean =>
  exceptions.length > 0 && exceptions.includes(dateIn(at, timeZone));

/** YYYY-MM-DD there. */
function dateIn(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}`;
}
