import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Cluster } from "../faults/cluster";
import { hpc } from "../support/hpc";
import { pace } from "../support/pace";
import { ask, baseState, eventually, on } from "../support/site";

let outputs: StackOutputs;
let cluster: Cluster;
beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  await cluster.whole();
});
afterAll(() => baseState());

const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());

it("moves there and back, and a running job goes on", async () => {
  const from = await cluster.holder("slurm");
  const to = from === "slurm-m1" ? "slurm-m2" : "slurm-m1";
  const job = await client("sbatch --parsable --output=/dev/null --mem=1 --wrap 'sleep 600'");
  const start = () => client(`squeue -h -j ${job} -o '%T %S'`);
  await eventually("the job runs", 30, async () => (await start()).startsWith("RUNNING"));
  const before = await start();
  for (const wanted of [to, from]) {
    const { code, said } = await hpc("switchover", "controllers");
    expect(code).toBe(0);
    expect(said).toContain(`${wanted} is the controller`);
    const outage = Number(/without an answer: ([\d.]+) s/.exec(said)?.[1]);
    expect(outage).toBeGreaterThan(0);
    expect(outage).toBeLessThan(10 * pace());
    expect(await cluster.holder("slurm")).toBe(wanted);
    // Fit again at once: the way back is open.
    await cluster.whole();
    expect(await start()).toBe(before);
  }
  await client(`scancel ${job}`);
});

it("is refused when the other controller is not fit, and the holder serves on", async () => {
  const holder = await cluster.holder("slurm");
  const other = holder === "slurm-m1" ? "slurm-m2" : "slurm-m1";
  await on(outputs, other, "systemctl stop slurm-watch");
  const { code, said } = await hpc("switchover", "controllers");
  expect(code).toBe(1);
  expect(said).toContain(`slurm-watch is inactive on ${other}`);
  expect(await cluster.holder("slurm")).toBe(holder);
  await client("scontrol ping");
  await on(outputs, other, "systemctl start slurm-watch");
  await cluster.whole();
});

it("a slurmctld that takes its time to end is left alone, and its restart goes on", async () => {
  const holder = await cluster.holder("slurm");
  const failures = () =>
    ask(outputs, holder, "systemctl show slurm-watch --property=NRestarts").then((r) => r.stdout);
  const before = await failures();
  // Longer than slurmctld may be silent while it is to serve, shorter than its TimeoutStopSec.
  await on(
    outputs,
    holder,
    `pid=$(systemctl show slurmctld --property=MainPID --value)
     systemctl restart slurmctld & restart=$!
     until [ "$(systemctl is-active slurmctld)" = deactivating ]; do :; done
     kill -STOP $pid && sleep 4 && kill -CONT $pid && wait $restart`,
  );
  expect(await cluster.holder("slurm")).toBe(holder);
  expect(await failures()).toBe(before);
  await cluster.whole();
});
