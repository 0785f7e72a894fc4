import { stopService } from "../../autoscaler/launch";
import * as fs from "node:fs";
import { prepare } from "../../dev/lab";
import { stages } from "../../dev/stages";
import { ensureHost, releaseHost } from "../../toolchain/host";
import { type Progress, step } from "../../lib/progress";
import { leftovers } from "./leftovers";
import { pace } from "./pace";
import { baseState, disturbed, stack } from "./site";
import { Stopping } from "./stopping";

/** Tells vitest's configuration that the nightly files are wanted too. */
const ALSO_NIGHTLY = "HPC_HA_NIGHTLY";
/** Removes every trace of the test stack, whatever state it is in. */
const REMEDY = "npm run test:lab -- remove";

/**
 * Runs suites on a stack of their own, which is removed at the end, also when one failed.
 * @returns whether all passed, and nothing was left behind
 */
export const onTestStack = (
  suites: (() => Promise<boolean>)[],
  progress: Progress,
): Promise<boolean> =>
  removedAfterwards(async () => {
    await step("pulumi up (stack test)", progress, baseState);
    for (const suite of suites) if (!(await suite())) return false;
    return true;
  }, progress);

/**
 * Does something with the test stack and removes it, whatever happens: an error, or any signal that ends programs.
 * @returns what `work` did; false when it was told to end
 */
export async function removedAfterwards(
  work: () => Promise<boolean>,
  progress: Progress,
): Promise<boolean> {
  await prepare();
  const stopping = new Stopping(REMEDY, progress);
  try {
    return await worked(work, stopping);
  } finally {
    await stopping.beforeRemoval();
    await removed(stopping, progress);
    stopping.release();
  }
}

async function worked(work: () => Promise<boolean>, stopping: Stopping): Promise<boolean> {
  try {
    return (await work()) && stopping.asked === undefined;
  } catch (error) {
    // What it had started was ended under its feet.
    if (stopping.asked !== undefined) return false;
    throw error;
  }
}

async function removed(stopping: Stopping, progress: Progress): Promise<void> {
  try {
    await step("pulumi destroy leaves nothing behind", progress, removeStack);
    await releaseHost(progress);
  } catch (error) {
    // Pulumi cannot know of what it was just making when it was ended; that has gone by its name.
    if (stopping.asked === undefined || (await leftovers(stack.prefix)).length > 0) {
      progress(`Should anything be left, this removes it: ${REMEDY}`);
      throw error;
    }
    await releaseHost(progress);
  }
}

/**
 * The lab suite.
 * @param files parts of names of the test files to run, nightly ones too; default is what `npm test` has time for
 * @param options of vitest besides. Default: none
 */
export function labSuite(
  files: string[],
  progress: Progress,
  options: string[] = [],
): Promise<boolean> {
  const most = Math.round(300_000 * pace());
  const times = [`--testTimeout=${most}`, `--hookTimeout=${most}`];
  const command = ["vitest", "run", "--config", "test/lab/vitest.config.mts", ...times, ...options];
  const env = files.length > 0 ? { [ALSO_NIGHTLY]: "1" } : {};
  return stages([{ name: "lab suite", command: [...command, ...files], env }], progress);
}

/** The fault suite. @param args "short", or the number of repeats, then parts of names of the cases; default all */
export const faultSuite = (args: string[], progress: Progress): Promise<boolean> =>
  stages([{ name: "fault suite", command: ["tsx", "test/faults/main.ts", ...args] }], progress);

/** The suite of changes. @param args as of the fault suite */
export const changeSuite = (args: string[], progress: Progress): Promise<boolean> =>
  stages(
    [{ name: "suite of changes", command: ["tsx", "test/changes/main.ts", ...args] }],
    progress,
  );

/** Faults and changes by chance. @param args how long (8h), and the seed of another run to have its order again */
export const soakSuite = (args: string[], progress: Progress): Promise<boolean> =>
  stages([{ name: "soak", command: ["tsx", "test/changes/soak.ts", ...args] }], progress);

/** Removes the test stack. @throws when `pulumi destroy` left something; that is removed too */
async function removeStack(): Promise<void> {
  try {
    // A test that was ended may have left the autoscaler at work.
    await stopService(stack.name);
    await stack.remove();
    const left = await leftovers(stack.prefix);
    if (left.length > 0) throw new Error(`pulumi destroy left behind:\n  ${left.join("\n  ")}`);
  } finally {
    await sweep();
  }
}

/** Everything goes by its name: without the state, its lock, or a machine that answers. */
async function sweep(): Promise<void> {
  await stack.sweep();
  await stack.forget();
  disturbed();
  fs.rmSync(stack.configFile, { force: true });
}

/** What REMEDY does. @throws with what is still there */
export async function removeEverything(progress: Progress): Promise<boolean> {
  await ensureHost(progress);
  await step("Removing the test stack", progress, sweep);
  const left = await leftovers(stack.prefix);
  if (left.length > 0) throw new Error(`Still there:\n  ${left.join("\n  ")}`);
  await releaseHost(progress);
  return true;
}
