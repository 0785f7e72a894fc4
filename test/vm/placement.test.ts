import { beforeAll, expect, it } from "vitest";
import { Hypervisor } from "./hypervisors";
import { baseState, hypervisorOf, type Site, stack } from "./site";

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

it("a controller may have its partner switched off, and no other machine", async () => {
  const [hypervisor, domain] = await hypervisorOf("slurm-m2");
  const ask = (from: string, name: string) =>
    site.on(
      from,
      `fence_virt -T ${hypervisor.address} -k /etc/slurm/fence.key -n ${name} -o status; echo $?`,
    );
  expect((await ask("slurm-m1", domain)).split("\n").at(-1)).toBe("0");
  const others = (await hypervisor.running()).filter((name) => name !== domain);
  expect(others.length).toBeGreaterThan(2);
  for (const other of others) {
    expect((await ask("slurm-m1", other)).split("\n").at(-1)).not.toBe("0");
  }
  // Another machine, even with the key: the address is checked too.
  const key = await site.on("slurm-m1", "base64 -w0 /etc/slurm/fence.key");
  const elsewhere = `base64 -d >/run/key && fence_virt -T ${hypervisor.address} -k /run/key -n ${domain} -o status -t 5; echo $?; rm /run/key`;
  const said = await site.on("compute1", elsewhere, { input: key });
  expect(said.split("\n").at(-1)).not.toBe("0");
});
