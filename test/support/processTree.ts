/** Who started whom. Pure. */
import { startOf } from "./baseRecord";

export interface Process {
  pid: number;
  parent: number;
  /** When it began, in the kernel's ticks: tells it from a later one of the same number. */
  start: string;
}

/** @param stat its /proc/…/stat. @returns undefined when it is gone */
export function processOf(pid: number, stat: string): Process | undefined {
  const start = startOf(stat);
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  return start === undefined ? undefined : { pid, parent, start };
}

/** Its children, their children and so on. */
export function descendants(all: readonly Process[], of: number): Process[] {
  const found: Process[] = [];
  const known = new Set([of]);
  for (let before = 0; before < known.size;) {
    before = known.size;
    for (const process of all) {
      if (!known.has(process.parent) || known.has(process.pid)) continue;
      known.add(process.pid);
      found.push(process);
    }
  }
  return found;
}
