import type { Look } from "../model";
import { servingEverywhere } from "./situation";

/**
 * Who leaves when the pool shrinks: those that do not serve, then those with the fewest sessions over all backends, then the
 * highest numbers.
 */
export function victims(look: Look, pool: string[], n: number): string[] {
  const whole = servingEverywhere(look);
  const sessions = (machine: string): number =>
    look.backends
      .flatMap(({ servers }) => servers.filter((s) => s.machine === machine))
      .reduce((sum, s) => sum + s.sessions, 0);
  const number = (machine: string): number => Number(/\d+$/.exec(machine)?.[0] ?? 0);
  return pool
    .map((machine) => ({ machine, serves: whole.includes(machine), load: sessions(machine) }))
    .sort(
      (a, b) =>
        Number(a.serves) - Number(b.serves) ||
        a.load - b.load ||
        number(b.machine) - number(a.machine),
    )
    .slice(0, Math.max(0, n))
    .map(({ machine }) => machine);
}
