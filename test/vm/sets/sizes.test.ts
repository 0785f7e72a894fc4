import { beforeAll, expect, it } from "vitest";
import { resize, switchedOff } from "../resizing";
import { baseState, type Site } from "../site";
import { Users } from "../users";

/** Longest time in which services may be without a store on emulated machines: a planned failover of so slow a site, s. */
const WITHOUT = 60;

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

it.each([
  ["redis", 576, "redis-server", ["redis1", "redis2", "redis3"]],
  ["galera", 832, "mariadb", ["galera1", "galera2", "galera3"]],
  ["entry", 576, "haproxy", ["haproxy1", "haproxy2"]],
  ["web", 1088, "hpc-web@auth_frontend", ["web1", "web2"]],
] as const)(
  "more memory for %s (%d MiB): one machine at a time, the next when the one before serves; users notice nothing",
  async (tier, memoryMiB, unit, machines) => {
    const users = await Users.start(site);
    await resize(tier, { memoryMiB });
    const off = await switchedOff([...machines]);
    await site.whole();
    const { requests, failed, redis, database } = await users.end();
    console.log(
      `  ${requests} requests, ${failed.length} failed; without Redis ${redis} s, without database ${database} s`,
    );
    expect([...off.keys()]).toEqual(machines);
    for (const [i, machine] of machines.slice(1).entries()) {
      const before = machines[i] ?? "";
      expect(await site.since(before, unit)).toBeLessThan(off.get(machine) ?? 0);
    }
    expect(failed).toEqual([]);
    expect(requests).toBeGreaterThan(10);
    expect(Math.max(redis, database)).toBeLessThan(WITHOUT);
  },
);
