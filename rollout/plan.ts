/** In which order the machines of a tier are changed: pure. */
import type { Parts } from "./roll";

export interface Step {
  machine: string;
  /** `relieve`: its part goes to another machine first. */
  action: "relieve" | "change";
}

export interface TierPlan {
  /** Together, and first: they serve nobody. */
  sick: string[];
  /** One after the other. */
  steps: Step[];
}

/**
 * Steps for one tier: the sick ones, those that serve nobody, and the holder last, after its part has gone elsewhere.
 * @param handsOver whether the holder's part is moved in an orderly way
 * @param todo machines to change
 */
export function planTier(
  { members, holder, sick }: Parts,
  handsOver: boolean,
  todo: string[],
): TierPlan {
  const left = members.filter((m) => todo.includes(m));
  const well = left.filter((m) => !sick.includes(m));
  const change = (machine: string): Step => ({ machine, action: "change" });
  const steps = well.filter((m) => m !== holder).map(change);
  if (holder !== undefined && well.includes(holder)) {
    // One that is alone has nobody to hand over to; a sick one that is changed before is well then.
    const fit = (m: string) => m !== holder && (!sick.includes(m) || todo.includes(m));
    if (handsOver && members.some(fit)) steps.push({ machine: holder, action: "relieve" });
    steps.push(change(holder));
  }
  return { sick: left.filter((m) => sick.includes(m)), steps };
}

/**
 * The steps as they are taken: the first change alone, since what is wrong with the change shows there, and the following
 * ones so many at a time.
 */
export function inTurns(
  steps: Step[],
  together: number,
): { machines: string[]; action: Step["action"] }[] {
  const turns: { machines: string[]; action: Step["action"] }[] = [];
  for (const { machine, action } of steps) {
    const last = turns.at(-1);
    const joins = action === "change" && last?.action === "change" && turns.length > 1;
    if (joins && last.machines.length < together) last.machines.push(machine);
    else turns.push({ machines: [machine], action });
  }
  return turns;
}

/**
 * The order in words, for who asks before it is done.
 * @param together how many are changed at the same time, once the first one is. Default 1
 */
export function describePlan({ sick, steps }: TierPlan, together = 1): string {
  const turns = inTurns(steps, together);
  const words = turns.flatMap(({ machines, action }, i) =>
    action === "relieve"
      ? []
      : turns[i - 1]?.action === "relieve"
        ? [`${machines.join(", ")} (serves now: hands its part over first)`]
        : [machines.join(" and ")],
  );
  const first = sick.length === 0 ? [] : [`${sick.join(" and ")} (serve nobody now)`];
  return [...first, ...words].join(", then ");
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
