/** In which order the machines of a tier are changed: pure. */
import type { Parts } from "./roll";

export interface Step {
  machine: string;
  /** `relieve`: its part goes to another machine first. */
  action: "relieve" | "restart";
}

/**
 * Steps for one tier: those that serve nobody first, the holder last, after its part has gone elsewhere.
 * @param handsOver whether the holder's part can be moved in an orderly way
 * @param done machines that an interrupted run has restarted already
 */
export function planTier({ members, holder }: Parts, handsOver: boolean, done: string[]): Step[] {
  const left = members.filter((m) => !done.includes(m));
  const restart = (machine: string): Step => ({ machine, action: "restart" });
  const steps = left.filter((m) => m !== holder).map(restart);
  if (holder === undefined || !left.includes(holder)) return steps;
  // One that is alone has nobody to hand over to.
  const relieve: Step[] =
    handsOver && members.length > 1 ? [{ machine: holder, action: "relieve" }] : [];
  return [...steps, ...relieve, restart(holder)];
}

/**
 * The tiers that a person named, in the order in which they are rolled; none named means all.
 * @param allowed those that can be rolled, in this order
 * @throws Error with what is allowed
 */
export function chooseTiers(words: string[], allowed: readonly string[]): string[] {
  const unknown = words.find((w) => !allowed.includes(w));
  if (unknown !== undefined) {
    throw new Error(
      `no tier "${unknown}"; allowed: ${allowed.join(", ")}, or none for all of them`,
    );
  }
  return allowed.filter((t) => words.length === 0 || words.includes(t));
}
