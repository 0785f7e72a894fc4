import { beforeAll, expect, it } from "vitest";
import { fenceServiceName } from "../../programs/fenceService";
import { Hypervisor } from "./hypervisors";
import { baseState, type Site, stack } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

it("the controllers run on different hypervisors, as those themselves say", async () => {
  const running = await Promise.all(Hypervisor.all.map((h) => h.running()));
  const domains = ["slurm-m1", "slurm-m2"].map((m) => `${stack.prefix}-${m}`);
  expect(running.map((names) => names.filter((n) => domains.includes(n)).length)).toEqual([1, 1]);
  expect(running.flat()).toHaveLength(8);
});

it("fencing is a service of each hypervisor, by the program; the package's own daemon, which asks for no key, is off", async () => {
  for (const hypervisor of Hypervisor.all) {
    const states = (command: string, ...units: string[]) =>
      hypervisor.on(`systemctl ${command} ${units.join(" ")}; true`);
    const own = `${fenceServiceName(stack.prefix, hypervisor.name)}.service`;
    const debians = "fence_virtd.service";
    expect(await states("is-active", own, debians)).toBe("active\ninactive");
    expect(await states("is-enabled", own, debians)).toBe("enabled\ndisabled");
  }
});

it("a controller may have its partner switched off, and no other machine; another machine nobody", async () => {
  expect(await site.fenceStatus("slurm-m1", "slurm-m2")).toBe(0);
  expect(await site.fenceStatus("slurm-m2", "slurm-m1")).toBe(0);
  for (const machine of ["web1", "galera1", "nfs-srv"]) {
    expect([machine, await site.fenceStatus("slurm-m1", machine)]).not.toEqual([machine, 0]);
  }
  // Not even with the key.
  const key = await site.on("slurm-m1", "base64 -w0 /etc/slurm/fence.key");
  await site.on("compute1", "umask 077; base64 -d >/run/fence.key", { input: key });
  expect(await site.fenceStatus("compute1", "slurm-m2", "/run/fence.key")).not.toBe(0);
  await site.on("compute1", "rm /run/fence.key");
});
