/** In which order the machines of a tier are restarted: pure. */

/** Tiers in the order in which they are restarted: what others stand on first. */
export const TIERS = ["galera", "redis", "entry", "web", "controllers", "compute"] as const;
export type Tier = (typeof TIERS)[number];

/** The machines of a tier, and which of them clients are on. */
export interface Parts {
  members: string[];
  /** The only one that serves: Redis master, VIP holder, the database node that HAProxy sends clients to. */
  holder?: string;
}

export interface Step {
  machine: string;
  /** `relieve`: its part goes to another machine first. */
  action: "relieve" | "restart";
}

/** Tiers whose part can be handed over in an orderly way; of the others the holder only comes last. */
const RELIEVED: readonly Tier[] = ["redis", "entry", "controllers"];

/**
 * Steps for one tier: those that serve nobody first, the holder last, after its part has gone elsewhere.
 * @param done machines that an interrupted run has restarted already
 */
export function planTier(tier: Tier, { members, holder }: Parts, done: string[]): Step[] {
  const left = members.filter((m) => !done.includes(m));
  const restart = (machine: string): Step => ({ machine, action: "restart" });
  const steps = left.filter((m) => m !== holder).map(restart);
  if (holder === undefined || !left.includes(holder)) return steps;
  // One that is alone has nobody to hand over to.
  const handsOver = RELIEVED.includes(tier) && members.length > 1;
  const relieve: Step[] = handsOver ? [{ machine: holder, action: "relieve" }] : [];
  return [...steps, ...relieve, restart(holder)];
}

/**
 * The tiers that a person named, in restart order; none named means all.
 * @throws Error with what is allowed
 */
export function chooseTiers(words: string[]): Tier[] {
  const unknown = words.find((w) => !(TIERS as readonly string[]).includes(w));
  if (unknown !== undefined) {
    throw new Error(`no tier "${unknown}"; allowed: ${TIERS.join(", ")}, or none for all of them`);
  }
  return TIERS.filter((t) => words.length === 0 || words.includes(t));
}
