import * as fs from "node:fs";
import * as path from "node:path";
import { hpcHome } from "../../lib/home";
import { elapsed, step } from "../../lib/progress";
import type { Context } from "../command";
import { Machines } from "../../lib/machines";
import { chooseTiers, planTier, type Tier } from "../../rollout/plan";
import { tierWork } from "../restart/tiers";
import { openGate } from "../../rollout/work";

interface Saved {
  tiers: Tier[];
  /** When the run began, as text. */
  began: string;
  done: string[];
  /** The machine that was at work. */
  at?: { tier: Tier; machine: string };
}

/** What an interrupted run has done, so that the next one goes on; gone when a run ended well. */
class Journal {
  readonly file: string;
  readonly saved: Saved;

  constructor(stack: string, tiers: Tier[]) {
    this.file = path.join(hpcHome(), `restart-${stack}.json`);
    this.saved = { tiers, began: new Date().toISOString(), done: [] };
    if (!fs.existsSync(this.file)) return;
    const read = JSON.parse(fs.readFileSync(this.file, "utf8")) as Saved;
    // Another choice of tiers is another wish; what the old one left half-way is put right all the same.
    this.saved = read.tiers.join() === tiers.join() ? read : { ...this.saved, at: read.at };
  }

  begin(tier: Tier, machine: string): void {
    this.saved.at = { tier, machine };
    this.write();
  }

  finish(machine: string): void {
    this.saved.done.push(machine);
    delete this.saved.at;
    this.write();
  }

  end(): void {
    fs.rmSync(this.file, { force: true });
  }

  private write(): void {
    fs.writeFileSync(`${this.file}.new`, JSON.stringify(this.saved));
    fs.renameSync(`${this.file}.new`, this.file);
  }
}

/**
 * `npx hpc restart [TIER]…`: restarts the services of the tiers, one machine at a time, each only when its tier is
 * whole. Stops at a gate that does not open; the same command goes on from there.
 */
export async function restart({ args, stack, outputs, progress }: Context): Promise<number> {
  const tiers = chooseTiers(args);
  const start = Date.now();
  const machines = new Machines(outputs);
  const work = tierWork(machines, outputs, progress);
  const journal = new Journal(stack.name, tiers);
  const { done, at: left, began } = journal.saved;
  if (done.length > 0) {
    progress(`Going on with the run of ${began}, after ${done.join(", ")}.`);
    progress(`  To start over instead: rm ${journal.file}`);
  }
  if (left) await work[left.tier].putBack?.(left.machine);
  // All gates first: nothing is touched while anything lacks its spare.
  await step(`Are ${tiers.join(", ")} whole?`, progress, async () => {
    for (const tier of tiers) await openGate(work[tier], tier, 5);
  }).catch((error: Error) => {
    throw new Error(`${error.message}\nNothing was restarted.`);
  });
  let at = "";
  try {
    for (const tier of tiers) {
      const todo = planTier(tier, await work[tier].parts(), done);
      for (const { machine, action } of todo) {
        at = `${tier}: ${machine}`;
        journal.begin(tier, machine);
        if (action === "relieve") {
          await step(`${tier}: ${machine} hands its part over`, progress, async () => {
            await work[tier].relieve?.(machine);
            await openGate(work[tier], tier);
          });
          continue;
        }
        await step(`${tier}: ${machine}`, progress, async () => {
          await work[tier].restart(machine);
          await openGate(work[tier], tier);
        });
        journal.finish(machine);
      }
    }
  } catch (error) {
    progress(`Stopped at ${at}; the machines after it were not touched.`);
    progress("Look: npx hpc doctor. Go on, when that is mended: the same command again.");
    throw error;
  }
  journal.end();
  progress(`All of ${tiers.join(", ")} restarted (${elapsed(start)}). Look: npx hpc status`);
  return 0;
}
