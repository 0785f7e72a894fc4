import { beforeAll, expect, it } from "vitest";
import { twoWriters } from "../faults/history";
import { eventually } from "../support/site";
import { baseState, EVERY, hypervisorOf, PATIENCE, type Site, stack } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

const other = (controller: string) => (controller === "slurm-m1" ? "slurm-m2" : "slurm-m1");
const holder = async () => {
  const found = await site.holder();
  if (found === undefined) throw new Error("nobody, or more than one, holds the Slurm VIP");
  return found;
};
/** The other controller serves, from the same state: the job goes on as it was. */
async function takenOver(by: string, job: string, before: string): Promise<void> {
  await eventually(
    `${by} serves`,
    PATIENCE,
    async () =>
      (await site.holder()) === by &&
      (await site.slurm(`squeue -h -j ${job}`, 30).catch(() => "")).includes(job),
    EVERY,
  );
  expect(await site.job(job)).toBe(before);
  expect(twoWriters(await site.histories(by))).toEqual([]);
  await site.slurm("srun --overlap --mem=1 --time=1 true", PATIENCE);
}

/** Now that the other one is back: the VIP stays where it went, and nothing happened to the job. */
async function servesOn(by: string, job: string, before: string): Promise<void> {
  expect(await holder()).toBe(by);
  expect(await site.job(job)).toBe(before);
  await site.slurm(`scancel ${job}`);
}

it("a job runs, on the node that slurm.conf says, in control groups of its own", async () => {
  expect(await site.slurm("srun --mem=1 --time=1 hostname", PATIENCE)).toBe("compute1");
  const groups = await site.slurm("srun --mem=1 --time=1 cat /proc/self/cgroup", PATIENCE);
  expect(groups).toMatch(/slurm.*job_\d+/);
});

it("a controller without power: the other one serves from the NFS state, the job goes on", async () => {
  const gone = await holder();
  const by = other(gone);
  const job = await site.runningJob(3600);
  const before = await site.job(job);
  const [hypervisor, domain] = await hypervisorOf(gone);
  await hypervisor.virsh("destroy", domain);
  await takenOver(by, job, before);
  expect((await site.histories(by))[by]).toContain(`off ${gone}`);
  // It stays off, as a machine that died does, until somebody brings it back.
  expect(await hypervisor.running()).not.toContain(domain);
  await stack.run("refresh");
  await stack.run("up");
  await site.whole();
  await servesOn(by, job, before);
});

it("a controller that froze: the other one has its hypervisor switch it off and on, then serves", async () => {
  const frozen = await holder();
  const by = other(frozen);
  const job = await site.runningJob(3600);
  const before = await site.job(job);
  const [hypervisor, domain] = await hypervisorOf(frozen);
  const booted = await site.bootId(frozen);
  await hypervisor.virsh("suspend", domain);
  await takenOver(by, job, before);
  // Switched off by name and on again by fence_virtd: it comes back as backup, as another boot.
  await site.whole();
  expect(await site.bootId(frozen)).not.toBe(booted);
  await servesOn(by, job, before);
});
