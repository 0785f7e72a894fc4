import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../cli/stack";
import { Load } from "../support/load";
import { baseState, eventually, stack } from "../support/site";

/** After so long no request may meet the dead node any more, s (requirement of the fault figures). */
const NOTICED_SECONDS = 3;
/** Requests that can be on their way when it dies: one for each connection and the time until it is noticed. */
const IN_FLIGHT = 30;

let outputs: StackOutputs;
let load: Load | undefined;
beforeAll(async () => {
  outputs = await baseState();
});
afterAll(() => load?.kill());

it("a killed web machine costs the requests in flight; refresh and up bring it back into rotation", async () => {
  load = await Load.start(outputs);
  expect((await load.during(3)).failures).toEqual([]);
  await execa("virsh", ["-c", "lxc:///system", "destroy", `${stack.prefix}-web2`]);
  const killed = Date.now();
  const during = await load.during(6);
  const late = during.failures.filter((f) => f.sent > killed + NOTICED_SECONDS * 1000);
  expect(late).toEqual([]);
  expect(during.failures.length).toBeLessThan(IN_FLIGHT);
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
  expect(back.failures).toEqual([]);
  const total = Object.values(back.served).reduce((n, s) => n + s.requests, 0);
  expect((back.served["web2"]?.requests ?? 0) / total).toBeGreaterThan(0.3);
  await load.stop();
});
