import { describe, expect, it } from "vitest";
import { Redis } from "../../../components/redis";
import { certificates } from "../../support/certificates";
import { CONFIGURATION, base, family, fleet, machines, site } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, runOf } from "../../support/referenceSite";

const make = () => {
  const specs = machines.redis.slice(0, 2).map((m, i) => ({ ...m, memoryMiB: 4096 - 1024 * i }));
  const args = { fleet, specs, certificates, ports: site.ports, patience: 2 };
  return registered(() => new Redis("redis", args));
};

describe("Redis", () => {
  it("is its machines with a gate each, passwords, and one run", async () => {
    const made = await make();
    expect(family(made)).toEqual([
      `redis > redis-admin-password random:index/randomPassword:RandomPassword`,
      `redis > redis-config ${CONFIGURATION}`,
      `redis > redis-password random:index/randomPassword:RandomPassword`,
      `redis > redis-redis1 hpc-ha:machine:Machine`,
      `redis > redis-redis1-gate ${CONFIGURATION}`,
      `redis > redis-redis2 hpc-ha:machine:Machine`,
      `redis > redis-redis2-gate ${CONFIGURATION}`,
      `redis > redis-replica-password random:index/randomPassword:RandomPassword`,
      `redis > redis-sentinel-password random:index/randomPassword:RandomPassword`,
      `redis hpc-ha:redis:Redis`,
    ]);
    // So that no configuration file has to quote it.
    for (const user of ["", "admin-", "replica-", "sentinel-"]) {
      const { inputs } = find(made, `redis-${user}password`);
      expect(inputs).toEqual({ length: 32, special: false });
    }
  });

  it("tells its machines ports, patience, password and each its own certificate", async () => {
    const made = await make();
    expect(isSecret(find(made, "redis-config").inputs["request"])).toBe(true);
    expect(runOf(made, "redis-config")).toMatchObject({ playbook: "redis.yml" });
    expect(runOf(made, "redis-config").vars).toEqual({
      ...base("redis"),
      redis_set: "site",
      redis_patience: 2,
      redis_port: 6379,
      redis_sentinel_port: 26379,
      redis_password: "secret-redis-password",
      redis_users: {
        admin: "secret-redis-admin-password",
        replica: "secret-redis-replica-password",
        sentinel: "secret-redis-sentinel-password",
      },
      // Half of the smallest machine.
      redis_maxmemory_mib: 1536,
      redis_ca: "the CA",
      redis_ca_file: "/etc/ssl/site-ca.pem",
      redis_certificates: { redis1: "the key of redis1", redis2: "the key of redis2" },
    });
  });

  it("takes the place of what 0.1 called RedisSentinel", async () => {
    expect(find(await make(), "redis").aliases).toEqual(["hpc-ha:redis:RedisSentinel::redis"]);
  });
});
