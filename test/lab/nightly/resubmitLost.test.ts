import { afterAll, beforeAll, expect, it } from "vitest";
import { readLostJobs } from "../../../components/controllers/lostJobs";
import { pause } from "../../../lib/wait";
import type { StackOutputs } from "../../../site/stack";
import { Cluster } from "../../faults/cluster";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

/** Jobs of a round, and rounds until one crash has met some that were not saved. */
const JOBS = 6;
const ROUNDS = 6;
let outputs: StackOutputs;
let cluster: Cluster;
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());
const lost = async () => readLostJobs(await said(await cluster.holder("slurm"), "slurm-ha lost"));

/**
 * Takes away those that are left to a person, as such a one does: the site is not whole while there are any. Once slurmctld
 * answers, all that are to be submitted again are marked so.
 * @returns their names
 */
async function takeLeft(): Promise<string[]> {
  const take =
    "scontrol ping | grep -q 'is UP' && cd /mnt/slurm/lost && for job in [0-9]*; do " +
    "[ -e $job/script ] && [ ! -e $job/again ] && [ ! -e $job/begun ] || continue; " +
    "tr '\\0' '\\n' < $job/environment | sed -n 's/^SLURM_JOB_NAME=//p'; slurm-ha forget $job; done; true";
  const holder = await cluster.holder("slurm").catch(() => undefined);
  if (holder === undefined) return [];
  const names = await said(holder, take).catch(() => "");
  return names.split("\n").filter((name) => name !== "");
}

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
  const left: string[] = [];
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
    await cluster.whole(async () => left.push(...(await takeLeft())));
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
  expect(queued.filter((name) => name.startsWith("again-")).sort()).toEqual(
    names.filter((name) => !left.includes(name)).sort(),
  );
});
