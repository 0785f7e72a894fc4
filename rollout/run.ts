import { type Progress, step } from "../lib/progress";
import { openGate } from "./gate";
import type { Journal } from "./journal";
import type { Roll } from "./roll";
import { type Change, rollTier } from "./tier";

export interface Run extends Pick<Change, "signal" | "gateSeconds" | "lookSeconds"> {
  /** All tiers that can be rolled: also one that this run does not roll may have been left half-way. */
  rolls: Readonly<Record<string, Roll>>;
  /** Names of those to roll, in this order. */
  tiers: readonly string[];
  journal: Journal;
  /** Machines that an interrupted run left half-way. */
  left: { tier: string; machine: string }[];
  /** Keeps on the machine itself that it is being restarted, or that it is done. */
  mark: (machine: string) => Promise<void>;
  clear: (machine: string) => Promise<void>;
  progress: Progress;
}

/**
 * Restarts the services of the tiers, one machine at a time. Stops at the first gate that does not open, and touches
 * nothing else; the same run again goes on from there.
 * @throws Error with what is missing, or what failed
 */
export async function rollOut(run: Run): Promise<void> {
  const { rolls, tiers, journal, progress, lookSeconds = 5 } = run;
  const chosen = tiers.flatMap((tier) => (rolls[tier] ? [{ tier, roll: rolls[tier] }] : []));
  const { done, began } = journal.saved;
  if (done.length > 0) progress(`Going on with the run of ${began}, after ${done.join(", ")}.`);
  for (const { tier, machine } of run.left) {
    await rolls[tier]?.takeBack?.(machine);
    await run.clear(machine);
  }
  // All gates first: nothing is touched while anything lacks its spare.
  await step(`Are ${tiers.join(", ")} whole?`, progress, async () => {
    for (const { tier, roll } of chosen) await openGate(roll, tier, lookSeconds);
  }).catch((error: Error) => {
    throw new Error(`${error.message}\nNothing was restarted.`);
  });
  try {
    for (const { tier, roll } of chosen) {
      const { members } = await roll.parts();
      await rollTier({
        ...run,
        tier,
        roll,
        felt: roll.inPlace?.includes("restart") !== true,
        todo: members.filter((m) => !done.includes(m)),
        change: async (machines) => {
          for (const machine of machines) await roll.restart(machine);
        },
        begin: run.mark,
        done: async (machine) => {
          journal.finish(machine);
          await run.clear(machine);
        },
      });
    }
  } catch (error) {
    progress("Look: npx hpc doctor. Go on, when that is mended: the same command again.");
    throw error;
  }
  journal.end();
}
