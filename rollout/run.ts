import { type Progress, step } from "../lib/progress";
import { GATE_SECONDS, openGate } from "./gate";
import type { Journal } from "./journal";
import { planTier } from "./plan";
import type { Roll } from "./roll";

export interface Run {
  /** All tiers that can be rolled: also one that this run does not roll may have been left half-way. */
  rolls: Readonly<Record<string, Roll>>;
  /** Names of those to roll, in this order. */
  tiers: readonly string[];
  journal: Journal;
  progress: Progress;
  /** Longest wait for a tier to be whole after each machine, s. Default 120. */
  gateSeconds?: number;
  /** The same before anything is touched, s. Default 5: it is a look, nothing is under way. */
  lookSeconds?: number;
}

/**
 * Restarts the services of the tiers, one machine at a time: whole → relieve → change one → whole → next. Stops at the
 * first gate that does not open, and touches nothing else; the same run again goes on from there.
 * @throws Error with what is missing, or what failed
 */
export async function rollOut(run: Run): Promise<void> {
  const { tiers, journal, progress, gateSeconds = GATE_SECONDS, lookSeconds = 5 } = run;
  const rollOf = (tier: string): Roll => {
    const roll = run.rolls[tier];
    if (!roll) throw new Error(`tier ${tier} cannot be rolled (${journal.file})`);
    return roll;
  };
  const { done, at: left, began } = journal.saved;
  if (done.length > 0) {
    progress(`Going on with the run of ${began}, after ${done.join(", ")}.`);
    progress(`  To start over instead: rm ${journal.file}`);
  }
  if (left) await rollOf(left.tier).takeBack?.(left.machine);
  // All gates first: nothing is touched while anything lacks its spare.
  await step(`Are ${tiers.join(", ")} whole?`, progress, async () => {
    for (const tier of tiers) await openGate(rollOf(tier), tier, lookSeconds);
  }).catch((error: Error) => {
    throw new Error(`${error.message}\nNothing was restarted.`);
  });
  let at = "";
  try {
    for (const tier of tiers) {
      at = tier;
      const roll = rollOf(tier);
      const todo = planTier(await roll.parts(), roll.relieve !== undefined, done);
      for (const { machine, action } of todo) {
        at = `${tier}: ${machine}`;
        journal.begin(tier, machine);
        const what = action === "relieve" ? `${at} hands its part over` : at;
        await step(what, progress, async () => {
          if (action === "relieve") await roll.relieve?.(machine);
          else await restart(roll, machine);
          await openGate(roll, tier, gateSeconds);
        });
        if (action === "restart") journal.finish(machine);
      }
    }
  } catch (error) {
    progress(`Stopped at ${at}; the machines after it were not touched.`);
    progress("Look: npx hpc doctor. Go on, when that is mended: the same command again.");
    throw error;
  }
  journal.end();
}

async function restart(roll: Roll, machine: string): Promise<void> {
  await roll.takeOut?.(machine);
  await roll.restart(machine);
  await roll.takeBack?.(machine);
}
