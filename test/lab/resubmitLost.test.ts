import { afterAll, beforeAll, expect, it } from "vitest";
import { readLostJobs } from "../../components/controllers/lostJobs";
import { pause } from "../../lib/wait";
import type { StackOutputs } from "../../site/stack";
import { Cluster } from "../faults/cluster";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../support/site";

/** Jobs of a round, and rounds until one crash has met some that were not saved. */
const JOBS = 6;
const ROUNDS = 6;
let outputs: StackOutputs;
let cluster: Cluster;
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());
const lost = async () => readLostJobs(await said(await cluster.holder("slurm"), "slurm-ha lost"));

beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  configure({ slurm: { ...(baseConfig()["slurm"] as object), resubmitLost: true } });
  await stack.run("up");
});
afterAll(async () => {
  await on(outputs, "client", "scancel --state=PENDING --user=root; scancel --user=root");
  const holder = await cluster.holder("slurm");
  await on(
    outputs,
    holder,
    "cd /mnt/slurm/lost && for job in [0-9]*; do [ ! -e $job ] || slurm-ha forget $job; done",
    { reject: false },
  );
  await baseState();
});

it("jobs that a crash has taken are submitted again by themselves, each once", async () => {
  const names: string[] = [];
  let again = 0;
  for (let round = 1; again === 0 && round <= ROUNDS; round++) {
    for (let i = 1; i <= JOBS; i++) {
      const name = `again-${round}-${i}`;
      // Both nodes: all but the first wait.
      const job = `sbatch --job-name=${name} --nodes=2 --exclusive --output=/dev/null --wrap 'sleep 900'`;
      await on(outputs, "client", job);
      names.push(name);
    }
    // Until the accounting knows them. Slurm saves its state every five seconds.
    await pause(1);
    await on(outputs, await cluster.holder("slurm"), "pkill -KILL -x slurmctld");
    await cluster.whole();
    const marks = "ls -d /mnt/slurm/lost/*/again 2>/dev/null | wc -l";
    await eventually(
      "none is still to be submitted again",
      60,
      async () => (await said(await cluster.holder("slurm"), marks)) === "0",
      1,
    );
    again = (await lost()).filter((job) => job.resubmitted !== undefined).length;
  }
  expect(again).toBeGreaterThan(0);
  const queued = (await said("client", "squeue -h -o %j")).split("\n");
  // Those that the accounting did not know yet wait for a person.
  const left = (await lost()).flatMap((job) => (job.resubmitted === undefined ? [job.name] : []));
  expect(queued.sort()).toEqual(names.filter((name) => !left.includes(name)).sort());
});
