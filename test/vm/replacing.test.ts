import { beforeAll, expect, it } from "vitest";
import { lastChanges } from "../support/site";
import { resize, switchedOff } from "./resizing";
import { baseState, configure, hypervisorOf, type Site, stack } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

/** What `pulumi preview` says that would be replaced: names of the resources. */
async function toBeReplaced(): Promise<string[]> {
  const { stdout } = await stack.start("preview", "--json");
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  const replaced = steps.filter(({ op }) => op === "replace");
  return replaced.map(({ urn }) => urn.split("::").at(-1) ?? "").sort();
}

it("more memory for the controllers: one at a time, the second when the first is whole again; the job goes on", async () => {
  const job = await site.runningJob(3600);
  const before = await site.job(job);
  await resize("controllers", { memoryMiB: 832 });
  expect(await toBeReplaced()).toEqual([
    "controllers-slurm-m1-domain",
    "controllers-slurm-m2-domain",
  ]);
  const off = await switchedOff(["slurm-m1", "slurm-m2"]);
  expect((await lastChanges(stack))["replace"]).toBe(2);
  expect([...off.keys()]).toEqual(["slurm-m1", "slurm-m2"]);
  // When the second was switched off, the first had booted and its keepalived had been started.
  expect(await site.since("slurm-m1", "keepalived")).toBeLessThan(off.get("slurm-m2") ?? 0);
  for (const controller of off.keys()) {
    const [hypervisor, domain] = await hypervisorOf(controller);
    expect((await hypervisor.virsh("dominfo", domain)).stdout).toMatch(/Max memory: +851968 KiB/);
  }
  await site.whole();
  expect(await site.job(job)).toBe(before);
  await site.slurm(`scancel ${job}`);
});

it("the NFS server made anew, with a larger root disk: its data volume stays, and the job state on it", async () => {
  const job = await site.runningJob(3600);
  const before = await site.job(job);
  const data = "findmnt -no UUID /slurm_shared; cat /etc/machine-id";
  const [uuid, machine] = (await site.on("nfs-srv", data)).split("\n");
  await resize("share", { diskGiB: 5 });
  expect(await toBeReplaced()).toEqual([`${stack.prefix}-nfs-srv-root`, "share-nfs-srv-domain"]);
  await stack.run("up");
  await site.whole();
  const [newUuid, newMachine] = (await site.on("nfs-srv", data)).split("\n");
  expect(newUuid).toBe(uuid);
  expect(newMachine).not.toBe(machine);
  expect(await site.job(job)).toBe(before);
  await site.slurm("srun --overlap --mem=1 --time=1 true");
  await site.slurm(`scancel ${job}`);
});

it("both at once: the controllers wait for their state, then go one at a time", async () => {
  await configure();
  const off = await switchedOff(["nfs-srv", "slurm-m1", "slurm-m2"]);
  expect([...off.keys()]).toEqual(["nfs-srv", "slurm-m1", "slurm-m2"]);
  expect(await site.since("nfs-srv", "nfs-server")).toBeLessThan(off.get("slurm-m1") ?? 0);
  await site.whole();
});
