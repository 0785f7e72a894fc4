import { victims } from "../decide/victims";
import type { Look } from "../model";

/**
 * The pool as it is to be: without the sick ones, in whose place others come, and of the wanted size: the lowest free
 * numbers come, the victims of a scale-in go. Pure.
 * @param all names of the web nodes that there may be, by number
 * @param sick their names are not given again in the same breath: machine, address or host may be what is sick
 */
export function nextPool(
  pool: string[],
  sick: string[],
  target: number,
  look: Look,
  all: string[],
): string[] {
  const well = pool.filter((name) => !sick.includes(name));
  const gone = victims(look, well, well.length - target);
  const kept = well.filter((name) => !gone.includes(name));
  const free = all.filter((name) => !pool.includes(name));
  const next = [...kept, ...free.slice(0, target - kept.length)];
  return all.filter((name) => next.includes(name));
}

export const samePool = (a: string[], b: string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));
