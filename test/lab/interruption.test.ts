import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Load } from "../support/load";
import { wrongWith } from "../support/loaded";
import { baseState, configure, lastChanges, scale, stack } from "../support/site";

let outputs: StackOutputs;
let load: Load | undefined;
/** Web nodes that the case before left, all of them well. */
let nodes = 0;
afterEach(() => load?.kill());
afterAll(() => baseState());

/** Starts a scale-out and sends a signal when its output says so. */
async function interruptScaleOut(
  replicas: number,
  signal: "SIGINT" | "SIGKILL",
  when: RegExp,
): Promise<void> {
  nodes = 0;
  configure({ webReplicas: String(replicas) });
  const run = stack.start("up", "--yes", "--skip-preview");
  const output = run.all;
  if (!output) throw new Error("no output");
  let sent = false;
  const watch = (async () => {
    for await (const line of createInterface(output)) {
      if (sent || !when.test(line)) continue;
      sent = true;
      console.log(`    ${signal} at: ${line.trim()}`);
      run.kill(signal, { forceKillAfterTimeout: false });
    }
  })();
  const failed = await run.then(
    () => false,
    () => true,
  );
  // After SIGKILL its children may hold the output open for a moment.
  await watch;
  expect([sent, failed]).toEqual([true, true]);
}

/** So many nodes serve, and nothing is left to do. */
async function expectNodes(replicas: number): Promise<void> {
  load = await Load.start(outputs);
  const names = Array.from({ length: replicas }, (_, i) => `web${i + 1}`);
  expect(wrongWith(await load.during(4), { nodes: names })).toEqual([]);
  await load.stop();
  await stack.run("up", "--expect-no-changes");
  nodes = replicas;
}

describe.each(["SIGINT", "SIGKILL"] as const)("%s", (signal) => {
  beforeAll(async () => {
    outputs = await baseState();
  });

  const goesOn = {
    SIGINT: "the same command again ends in the right state",
    SIGKILL: "cancel, refresh and up, as documented",
  };
  it(`while machines are made: ${goesOn[signal]}`, async () => {
    await interruptScaleOut(4, signal, /web-web3-container creating/);
    if (signal === "SIGKILL") {
      // The lock of the dead process is there: nobody gets in by accident.
      await expect(stack.start("up", "--yes", "--skip-preview")).rejects.toThrow(/lock/);
      await stack.start("cancel", "--yes");
      await stack.run("refresh", "--clear-pending-creates");
    }
    await scale(4);
    if (signal === "SIGINT") expect((await lastChanges())["create"] ?? 0).toBeLessThan(9);
    await expectNodes(4);
  });

  it(`while a new node is configured: ${signal === "SIGINT" ? "the same command again" : "what \`npm run lab\` does"}`, async () => {
    // A scale-in between would only cost time.
    if (nodes !== 4) await scale(4);
    await interruptScaleOut(5, signal, /web-config updating/);
    if (signal === "SIGINT") await scale(5);
    else await stack.up();
    await expectNodes(5);
  });
});
