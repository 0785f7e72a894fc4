import { afterAll, beforeAll, expect, it } from "vitest";
import { readLostJobs } from "../../../components/controllers/lostJobs";
import { pause } from "../../../lib/wait";
import type { StackOutputs } from "../../../site/stack";
import { Cluster } from "../../faults/cluster";
import { saved } from "../../faults/longJobs";
import { pace } from "../../support/pace";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

/** Jobs of a round, and rounds until one crash has met some that were not saved. */
const JOBS = 6;
const ROUNDS = 6;
const SLOW = 900_000 * pace();
/** A minute after all nodes have told what runs there, and what it takes until then. */
const AGAIN = 180;
/** Slurm starts a requeued job after two minutes, and looks at the queue every half. */
const REQUEUED = 300;
let outputs: StackOutputs;
let cluster: Cluster;
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());
const holder = () => cluster.holder("slurm");
const lost = async () => readLostJobs(await said(await holder(), "slurm-ha lost"));
const submit = (name: string, options: string, script: string) =>
  said(
    "client",
    `sbatch --parsable --job-name=${name} ${options} --output=/dev/null --wrap '${script}'`,
  );

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
  const machine = await holder().catch(() => undefined);
  if (machine === undefined) return [];
  const names = await said(machine, take).catch(() => "");
  return names.split("\n").filter((name) => name !== "");
}

/** slurmctld dies, and all that is to be submitted again is. @returns names of jobs that are left to a person */
async function crash(): Promise<string[]> {
  await on(outputs, await holder(), "pkill -KILL -x slurmctld");
  const marks =
    "scontrol ping | grep -q 'is UP' && ls -d /mnt/slurm/lost/*/again 2>/dev/null | wc -l";
  await eventually(
    "none is still to be submitted again",
    AGAIN,
    () =>
      holder()
        .then((machine) => said(machine, marks))
        .then(
          (count) => count === "0",
          () => false,
        ),
    1,
  );
  const left: string[] = [];
  await cluster.whole(async () => left.push(...(await takeLeft())));
  return left;
}

beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  configure({ slurm: { ...(baseConfig()["slurm"] as object), resubmitLost: true } });
  await stack.run("up");
}, SLOW);
afterAll(async () => {
  await on(outputs, "client", "scancel --state=PENDING --user=root; scancel --user=root");
  await on(
    outputs,
    await holder(),
    "cd /mnt/slurm/lost && for job in [0-9]*; do [ ! -e $job ] || slurm-ha forget $job; done",
    { reject: false },
  );
  await baseState();
}, SLOW);

it(
  "jobs that a crash has taken are submitted again by themselves, each once",
  { timeout: SLOW },
  async () => {
    // It has both nodes, so that the others wait when slurmctld dies.
    const old = await submit("old", "--nodes=2 --exclusive --time=59", "sleep 3500");
    const runs = () => said("client", `squeue -h -t R -j ${old} -o %M`);
    await eventually("the old job runs, and Slurm has saved that", 60, async () =>
      saved(await runs(), 1),
    );
    const look = () =>
      said("client", `scontrol show job ${old} | grep -oE '(JobState|Restarts|StartTime)=\\S+'`);
    const before = await look();
    const names: string[] = [];
    const left: string[] = [];
    let again = 0;
    for (let round = 1; again === 0 && round <= ROUNDS; round++) {
      for (let i = 1; i <= JOBS; i++) {
        const name = `again-${round}-${i}`;
        await submit(name, "--nodes=2 --exclusive --time=1", "true");
        names.push(name);
      }
      // Until the accounting knows them. Slurm saves its state every five seconds.
      await pause(1);
      left.push(...(await crash()));
      again = (await lost()).filter((job) => job.resubmitted !== undefined).length;
    }
    expect(again).toBeGreaterThan(0);
    const queued = (await said("client", "squeue -h -o %j")).split("\n");
    expect(queued.filter((name) => name.startsWith("again-")).sort()).toEqual(
      names.filter((name) => !left.includes(name)).sort(),
    );
    expect(await look()).toBe(before);
    await said("client", "scancel --state=PENDING --user=root; scancel --user=root");
  },
);

it(
  "one that had begun begins again, never beside itself, and its node stays in service",
  { timeout: SLOW },
  async () => {
    const twice = "/var/tmp/began-twice";
    await on(outputs, "compute1", `rm -f ${twice}`);
    for (let round = 1; round <= ROUNDS; round++) {
      const name = `began-${round}`;
      // The lock goes with the process, however that ends.
      const script = `exec 9>>/var/tmp/${name}; flock -n 9 || echo $SLURM_JOB_ID >> ${twice}; sleep 600`;
      await submit(name, "--nodelist=compute1 --mem=1", script);
      // Its begin is saved, or not, or the job is not saved at all.
      await pause(round * 0.8);
      const left = await crash();
      const state = () => said("client", `squeue -h -n ${name} -o %T`);
      if (!left.includes(name)) {
        await eventually(
          `${name} runs again`,
          REQUEUED,
          async () => (await state()) === "RUNNING",
          1,
        );
      }
      await said("client", `scancel --name=${name}`);
      await eventually(`${name} has ended`, 60, async () => (await state()) === "", 1);
    }
    const seen = `cat ${twice} 2>/dev/null; rm -f ${twice} /var/tmp/began-*; sinfo -h -n compute1 -o %T`;
    expect((await on(outputs, "compute1", seen)).stdout.trim()).toBe("idle");
  },
);
