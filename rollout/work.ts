import { until } from "../lib/machines";
import type { Parts, Tier } from "./plan";

/** What a rolling restart does with one tier. */
export interface TierWork {
  /** Who is in it, and who serves now. */
  parts(): Promise<Parts>;
  /** The gate before and after each machine: what is missing to full redundancy; "" when nothing is. */
  missing(): Promise<string>;
  /** Moves the holder's part to another machine. */
  relieve?(machine: string): Promise<void>;
  /** Restarts a machine's services; the gate comes after it. */
  restart(machine: string): Promise<void>;
  /** Puts a machine back into service that an interrupted restart had taken out. */
  putBack?(machine: string): Promise<void>;
}

/** Longest time for services to stop in an orderly way and to be up again, s. */
export const SERVICE_SECONDS = 60;

/** Longest wait for a tier to be whole, after each machine, s. */
const GATE_SECONDS = 120;

/**
 * Waits until a tier is whole.
 * @throws Error with what is missing
 */
export async function openGate(work: TierWork, tier: Tier, seconds = GATE_SECONDS): Promise<void> {
  let missing = "";
  await until(tier, seconds, async () => {
    missing = await work.missing().catch((error: Error) => error.message);
    return missing === "" ? true : undefined;
  }).catch(() => {
    throw new Error(`${tier} is not whole after ${seconds} s: ${missing}`);
  });
}
