import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Load } from "../support/load";
import { wrongWith } from "../support/loaded";
import { baseState, configure, lastChanges, scale, stack } from "../support/site";

let outputs: StackOutputs;
let load: Load | undefined;
beforeAll(async () => {
  outputs = await baseState();
});
afterEach(async () => {
  load?.kill();
  await baseState();
});
afterAll(() => load?.kill());

/** Starts a scale-out to four nodes and sends a signal when its output says so. */
async function interruptScaleOut(signal: "SIGINT" | "SIGKILL", when: RegExp): Promise<void> {
  configure({ webReplicas: "4" });
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

/** All four nodes serve, and nothing is left to do. */
async function expectFour(): Promise<void> {
  load = await Load.start(outputs);
  const nodes = ["web1", "web2", "web3", "web4"];
  expect(wrongWith(await load.during(4), { nodes })).toEqual([]);
  await load.stop();
  await stack.run("up", "--expect-no-changes");
}

it("SIGINT while machines are made: the same command again ends in the right state", async () => {
  await interruptScaleOut("SIGINT", /web-web3-container creating/);
  await scale(4);
  expect((await lastChanges())["create"] ?? 0).toBeLessThan(9);
  await expectFour();
});

it("SIGINT while a new node is configured: the same command again", async () => {
  await interruptScaleOut("SIGINT", /web-config updating/);
  await scale(4);
  await expectFour();
});

it("SIGKILL while machines are made: cancel, refresh and up, as documented", async () => {
  await interruptScaleOut("SIGKILL", /web-web3-container creating/);
  // The lock of the dead process is there: nobody gets in by accident.
  await expect(stack.start("up", "--yes", "--skip-preview")).rejects.toThrow(/lock/);
  await stack.start("cancel", "--yes");
  await stack.run("refresh", "--clear-pending-creates");
  await scale(4);
  await expectFour();
});

it("SIGKILL while a new node is configured: what `npm run lab` does", async () => {
  await interruptScaleOut("SIGKILL", /web-config updating/);
  await stack.up();
  await expectFour();
});
