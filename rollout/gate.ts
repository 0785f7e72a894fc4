import { until } from "../lib/wait";
import type { Roll } from "./roll";

/** Longest wait for a tier to be whole after a change of one of its machines, a failover included, s. */
export const GATE_SECONDS = 120;

/**
 * Waits until a tier is whole. A look that fails counts as not whole.
 * @param but see Roll
 * @throws Error with what is missing
 */
export async function openGate(
  roll: Pick<Roll, "missing">,
  tier: string,
  seconds: number,
  but: string[] = [],
): Promise<void> {
  let missing = "";
  await until(tier, seconds, async () => {
    missing = await roll.missing(but).catch((error: Error) => error.message);
    return missing === "";
  }).catch(() => {
    throw new Error(`${tier} is not whole after ${seconds} s: ${missing}`);
  });
}
