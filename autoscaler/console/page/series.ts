/** What the plot draws, from looks. Pure. */
import type { Row } from "../wire";

/** Columns of a row. */
export const COLUMN = {
  at: 0,
  size: 1,
  serving: 2,
  wanted: 3,
  target: 4,
  connections: 5,
  queue: 6,
  cpu: 7,
  schedule: 8,
} as const;
export type Column = keyof typeof COLUMN;

/** The looks in a span of time, and the one before it, so that the line comes in from the edge. */
export function within(rows: readonly Row[], from: number): Row[] {
  const first = rows.findIndex(([at]) => at >= from);
  return first === -1 ? rows.slice(-1) : rows.slice(Math.max(0, first - 1));
}

/**
 * Times and values of some columns. Between two looks that are farther apart than `gap` (ms) nothing is known, and no line is
 * drawn.
 */
export function columns(
  rows: readonly Row[],
  names: readonly Column[],
  gap: number,
): [times: number[], ...values: (number | null)[][]] {
  const times: number[] = [];
  const values = names.map((): (number | null)[] => []);
  rows.forEach((row, i) => {
    const before = rows[i - 1]?.[0];
    if (before !== undefined && row[0] - before > gap) {
      times.push(before + gap);
      values.forEach((column) => column.push(null));
    }
    times.push(row[0]);
    values.forEach((column, c) => column.push(row[COLUMN[names[c] ?? "at"]]));
  });
  return [times, ...values];
}

/** The look that is nearest to a time. */
export function nearest(rows: readonly Row[], time: number): Row | undefined {
  const after = rows.findIndex(([at]) => at >= time);
  if (after === -1) return rows.at(-1);
  const [next, before] = [rows[after], rows[after - 1]];
  if (next === undefined || before === undefined) return next;
  return time - before[0] < next[0] - time ? before : next;
}
