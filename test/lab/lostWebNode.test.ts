import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Cluster } from "../faults/cluster";
import { Load } from "../support/load";
import { shares, wrongWith } from "../support/loaded";
import { pace } from "../support/pace";
import { baseState, eventually, stack } from "../support/site";

/** After so long no request may meet the dead node any more, s (requirement of the fault figures). */
const NOTICED_SECONDS = 3 * pace();
/**
 * Requests that can be on their way when it dies: one for each connection and the time until it is noticed. A slower
 * machine has fewer that take longer, which is as many.
 */
const IN_FLIGHT = 30;

let outputs: StackOutputs;
let load: Load | undefined;
beforeAll(async () => {
  outputs = await baseState();
});
afterAll(() => load?.kill());

it("a killed web machine costs the requests in flight; refresh and up bring it back into rotation", async () => {
  load = await Load.start(outputs);
  const quiet = await load.during(3);
  expect(wrongWith(quiet, { nodes: ["web1", "web2"] })).toEqual([]);
  await new Cluster(outputs).destroyMachine("web2");
  const killed = Date.now();
  const during = await load.during(NOTICED_SECONDS + 3);
  const late = during.failures.filter((f) => f.sent > killed + NOTICED_SECONDS * 1000);
  expect(late).toEqual([]);
  expect(during.failures.length).toBeLessThan(IN_FLIGHT);
  expect(wrongWith({ ...during, failures: [] }, { quiet })).toEqual([]);
  expect(during.sockets.filter((s) => !s.open)).toEqual([]);
  console.log(
    `  killed web node: ${during.failures.length} requests failed, the last one sent ` +
      `${(Math.max(killed, ...during.failures.map((f) => f.sent)) - killed) / 1000} s after`,
  );
  await stack.run("refresh");
  await stack.run("up");
  const running = load;
  await eventually("web2 serves again", 30, async () => "web2" in (await running.report()).served);
  const back = await load.during(5);
  expect(wrongWith(back, { quiet })).toEqual([]);
  expect(shares(back)["web2"]).toBeGreaterThan(0.3);
  await load.stop();
});
