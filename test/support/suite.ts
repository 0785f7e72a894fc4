import * as fs from "node:fs";
import { prepare } from "../../dev/lab";
import { stages } from "../../dev/stages";
import { releaseHost } from "../../toolchain/host";
import { type Progress, step } from "../../lib/progress";
import { leftovers } from "./leftovers";
import { baseState, stack } from "./site";

/**
 * Runs suites on a stack of their own, which is removed at the end, also when one failed.
 * @returns whether all passed, and nothing was left behind
 */
export async function onTestStack(
  suites: (() => Promise<boolean>)[],
  progress: Progress,
): Promise<boolean> {
  await prepare();
  let passed = false;
  // Ctrl-C reaches the tests, which end; then what they made is removed. Once more ends this too.
  process.once("SIGINT", () => progress("Stopping: the test stack is removed first"));
  try {
    await step("pulumi up (stack test)", progress, baseState);
    for (const suite of suites) {
      passed = await suite();
      if (!passed) break;
    }
  } finally {
    await step("pulumi destroy leaves nothing behind", progress, removeStack);
    await releaseHost(progress);
  }
  return passed;
}

/** The lab suite. @param files parts of names of the test files to run; default all */
export function labSuite(files: string[], progress: Progress): Promise<boolean> {
  const command = ["vitest", "run", "--config", "test/lab/vitest.config.mts", ...files];
  return stages([{ name: "lab suite", command }], progress);
}

/** Removes the test stack. @throws when `pulumi destroy` left something; that is removed too */
export async function removeStack(): Promise<void> {
  try {
    await stack.remove();
    const left = await leftovers(stack.prefix);
    if (left.length > 0) throw new Error(`pulumi destroy left behind:\n  ${left.join("\n  ")}`);
  } finally {
    await stack.sweep();
    fs.rmSync(stack.configFile, { force: true });
  }
}
