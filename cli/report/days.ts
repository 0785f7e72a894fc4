import { z } from "zod";
import type { Run } from "./timeline";

const daySchema = z.object({
  day: z.string(),
  series: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      runs: z.array(z.tuple([z.number(), z.number(), z.number()])),
    }),
  ),
  fault: z.string().optional(),
});

/** One thing that was recorded, with what tells it from others. */
export interface Series {
  labels: Record<string, string>;
  /** In the order of time. */
  runs: Run<number>[];
}

/** What a machine of the monitor has seen. */
export interface Seen {
  monitor: string;
  series: Series[];
  /** Days (UTC) of which it could not tell, and why. */
  faults: { day: string; why: string }[];
}

/** Shell text that asks a machine of the monitor. Pure. @param days the first and the last, UTC */
export const daysCommand = ([first, last]: [string, string]): string =>
  `/usr/local/sbin/availability tell ${first} ${last}`;

/** What it printed, a day a line; runs that a midnight has cut are whole again. @throws Error when it is nothing of it */
export function readDays(monitor: string, text: string): Seen {
  const days = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => daySchema.parse(JSON.parse(line)));
  const all = new Map<string, Series>();
  for (const { labels, runs } of days.flatMap(({ series }) => series)) {
    const name = JSON.stringify(Object.entries(labels).sort());
    const known: Series = all.get(name) ?? { labels, runs: [] };
    all.set(name, known);
    for (const [from, to, value] of runs) {
      const last = known.runs.at(-1);
      // A look stands until the next one: that of the next day came before it was over.
      if (last && from <= last.to) last.to = from;
      if (last && from === last.to && value === last.value) last.to = to;
      else known.runs.push({ from, to, value });
    }
  }
  return {
    monitor,
    series: [...all.values()],
    faults: days.flatMap(({ day, fault }) => (fault === undefined ? [] : [{ day, why: fault }])),
  };
}

/** The series of a metric. */
export const seriesOf = ({ series }: Pick<Seen, "series">, metric: string): Series[] =>
  series.filter(({ labels }) => labels["__name__"] === metric);
