/** A machine that logs 10,000 lines a second hurts nobody, and no line is lost while there is no store. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { machinesOf } from "../../../plan/outputs";
import { pause } from "../../../lib/wait";
import type { StackOutputs } from "../../../site/stack";
import type { Case } from "../../faults/cases";
import { Cluster } from "../../faults/cluster";
import { runCase, Users } from "../../faults/suite";
import { pace } from "../../support/pace";
import { different, flood, FLOOD_RATE, lackedBy, logEverySecond } from "../../support/storedLines";
import { baseState, configure, eventually, on, stack } from "../../support/site";

/** How long it floods, s, and how long there is no store, minutes. Defaults 30 and 3; the promise is for 600 and 10. */
const FLOOD_SECONDS = Number(process.env["HPC_HA_FLOOD_SECONDS"] ?? 30);
const STORELESS_MINUTES = Number(process.env["HPC_HA_STORELESS_MINUTES"] ?? 3);
const MONITORS = ["monitor1", "monitor2"];
/** It serves users, and logs like mad. */
const NOISY = "web1";
/** Lines a second that arrive at least, on a machine of normal speed. */
const ARRIVE = 2000;
const SLOW = 900_000 * pace();

let outputs: StackOutputs;
beforeAll(async () => {
  await baseState();
  configure({ members: { monitor: MONITORS.length } });
  await stack.run("up");
  outputs = await stack.outputs();
}, SLOW);
afterAll(() => baseState(), SLOW);

const lines = FLOOD_SECONDS * FLOOD_RATE;
const most = 2 * FLOOD_SECONDS * pace();
const word = `flood${Date.now().toString(36)}`;
let took = NaN;
/** As of a machine whose processors are busy: everybody is served, the node itself too. */
const FLOOD: Case = {
  name: `${FLOOD_RATE} lines a second from ${NOISY}`,
  fault: async (c) => {
    const begin = Date.now();
    await c.shell(NOISY, flood(word, FLOOD_SECONDS), most + 60);
    took = (Date.now() - begin) / 1000;
    return () => Promise.resolve();
  },
  limits: { web: 1, redis: 1, sql: 1, sbatch: 3, slurmVip: 1 },
};

it("ten thousand lines a second hurt nobody", { timeout: SLOW + most * 1000 }, async () => {
  const cluster = new Cluster(outputs);
  const users = await Users.start(cluster, { webUsers: "impatient" });
  try {
    const { faults, outages } = await runCase(FLOOD, cluster, users, pace());
    console.log(
      `    ${lines} lines in ${took} s; longest without an answer: ${JSON.stringify(outages)}`,
    );
    expect(faults).toEqual([]);
  } finally {
    await users.end();
  }
  // Else it was no such flood.
  expect(took).toBeLessThan(most);
});

it(
  "and all of them are in both stores",
  { timeout: SLOW + (lines / ARRIVE) * 1000 * pace() },
  async () => {
    let have: number[] = [];
    await eventually(
      "all lines",
      lines / ARRIVE,
      async () => {
        have = await Promise.all(MONITORS.map((monitor) => different(outputs, monitor, word)));
        return have.every((n) => n === lines);
      },
      10,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${have.join(" and ")} of ${lines}`);
    });
    const left = await on(
      outputs,
      NOISY,
      "systemctl list-units --plain --no-legend --state=failed",
    );
    expect(left.stdout).toBe("");
  },
);

it(
  "no line is lost while there is no store",
  { timeout: SLOW + STORELESS_MINUTES * 120_000 },
  async () => {
    const machines = machinesOf(outputs).map(({ name }) => name);
    const quiet = `quiet${Date.now().toString(36)}`;
    const n = STORELESS_MINUTES * 60;
    const stores = (verb: string) =>
      Promise.all(MONITORS.map((monitor) => on(outputs, monitor, `systemctl ${verb} log-store`)));
    await stores("stop");
    try {
      await logEverySecond(outputs, machines, quiet, n);
      await pause(n);
    } finally {
      await stores("start");
    }
    let lacks: string[] = [];
    await eventually(
      "every line of every machine in both stores",
      300,
      async () => {
        const all = MONITORS.map((monitor) => lackedBy(outputs, monitor, quiet, machines, n));
        lacks = (await Promise.all(all)).flat();
        return lacks.length === 0;
      },
      5,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${lacks.join("; ")}`);
    });
  },
);
