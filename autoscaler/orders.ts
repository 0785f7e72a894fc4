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
