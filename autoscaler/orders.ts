import { z } from "zod";

/** What a person tells the autoscaler: by the page, or by `npx hpc scale` and `npx hpc autoscaler`. */
export const orderSchema = z.discriminatedUnion("kind", [
  /** The pool has this size until then, ms since 1970, whatever load and schedule ask for. */
  z.strictObject({ kind: z.literal("hold"), size: z.int().min(1), until: z.int().positive() }),
  /** Ends a hold. */
  z.strictObject({ kind: z.literal("release") }),
  /** Looks and says what it would do, and changes nothing, until resumed. */
  z.strictObject({ kind: z.literal("pause") }),
  z.strictObject({ kind: z.literal("resume") }),
]);

export type Order = z.infer<typeof orderSchema>;

/** Longest time that a person's size may hold, days: what is forgotten ends by itself. */
const LONGEST_HOLD = 7;

/** What is wrong with an order on this site. Pure. @param now ms since 1970 */
export function checkOrder(
  order: Order,
  { min, max }: { min: number; max: number },
  now: number,
): string[] {
  if (order.kind !== "hold") return [];
  const faults: string[] = [];
  if (order.size < min || order.size > max) {
    faults.push(`size = ${order.size}: allowed is ${min} to ${max} (web.min, web.max)`);
  }
  if (order.until <= now || order.until > now + LONGEST_HOLD * 86_400_000) {
    faults.push(`until = ${order.until}: must be in the future, by at most ${LONGEST_HOLD} days`);
  }
  return faults;
}
