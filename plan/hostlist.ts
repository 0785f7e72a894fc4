/** Slurm's way to write many names as one word: gpu[01-40], r[1-2]n[1,4-6]. */

/** How many names one may stand for: more is a slip of the pen (gpu[1-400000]). */
const MOST = 65536;
const LIST = /^[A-Za-z0-9._-]*(?:\[[0-9,-]+\][A-Za-z0-9._-]*)*$/;

/**
 * The names that a hostlist stands for, in its order. Pure.
 * @throws Error with what is wrong
 */
export function expandHostlist(text: string): string[] {
  if (text === "" || !LIST.test(text)) {
    throw new Error("a name, or several of them like gpu[01-40] or r[1-2]n[1,4-6]");
  }
  const parts = text.split(/[[\]]/);
  return parts.reduce<string[]>(
    (names, part, i) => {
      const ends = i % 2 === 0 ? [part] : part.split(",").flatMap(range);
      if (names.length * ends.length > MOST) throw new Error(`at most ${MOST} names`);
      return names.flatMap((name) => ends.map((end) => name + end));
    },
    [""],
  );
}

/** "08-10" -> 08, 09, 10: as wide as it is written. */
function range(text: string): string[] {
  const [, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from > to) throw new Error(`"${text}" is no range, e.g. 01-40`);
  if (to - from >= MOST) throw new Error(`at most ${MOST} names`);
  return Array.from({ length: to - from + 1 }, (_, i) =>
    String(from + i).padStart(first.length, "0"),
  );
}
