/** What was when, of several who each saw a part of it. Pure. */

/** A value from one moment to another, s since 1970. */
export interface Run<T> {
  from: number;
  to: number;
  value: T;
}

type Span = Pick<Run<unknown>, "from" | "to">;

/**
 * What several have seen as one: the whole of a span, piece by piece, equal neighbours joined.
 * @param layers what each has seen, in the order of time; what is in no run it has not
 * @param decide what is to be held of what they saw of a moment; undefined: nobody knows
 */
export function overlay<S, T>(
  layers: Run<S>[][],
  { from, to }: Span,
  decide: (seen: (S | undefined)[]) => T | undefined,
): Run<T | undefined>[] {
  const borders = new Set([from, to]);
  for (const run of layers.flat()) {
    for (const at of [run.from, run.to]) if (at > from && at < to) borders.add(at);
  }
  const times = [...borders].sort((a, b) => a - b);
  const next = layers.map(() => 0);
  const pieces: Run<T | undefined>[] = [];
  times.slice(0, -1).forEach((at, i) => {
    const seen = layers.map((runs, layer) => {
      while ((runs[next[layer] ?? 0]?.to ?? Infinity) <= at) next[layer] = (next[layer] ?? 0) + 1;
      const run = runs[next[layer] ?? 0];
      return run !== undefined && run.from <= at ? run.value : undefined;
    });
    const value = decide(seen);
    const end = times[i + 1] ?? to;
    const last = pieces.at(-1);
    if (last && last.value === value) last.to = end;
    else pieces.push({ from: at, to: end, value });
  });
  return pieces;
}

/** How long something was so, s. */
export const secondsOf = <T>(pieces: Run<T>[], so: (value: T) => boolean): number =>
  pieces.filter(({ value }) => so(value)).reduce((sum, { from, to }) => sum + to - from, 0);

/** Moments at which it became another than it was last known to be. */
export function changesOf<T>(pieces: Run<T | undefined>[]): { at: number; before: T; after: T }[] {
  const known = pieces.flatMap(({ from, value }) => (value === undefined ? [] : [{ from, value }]));
  return known.slice(1).flatMap(({ from, value }, i) => {
    const before = known[i]?.value;
    return before === undefined || before === value ? [] : [{ at: from, before, after: value }];
  });
}
