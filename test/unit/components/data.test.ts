import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { SiteCertificates } from "../../../components/certificates";
import { Galera } from "../../../components/galera";
import { Redis } from "../../../components/redis";
import { family, fleet, machines, site } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request } from "../../support/referenceSite";

const certificates = {
  ca: pulumi.output("the CA"),
  of: (owners: { name: string }[]) =>
    pulumi.secret(Object.fromEntries(owners.map(({ name }) => [name, `the key of ${name}`]))),
} as unknown as SiteCertificates;
const common = { fleet, certificates, ports: site.ports, patience: 2 };
const COMMAND = "command:local:Command";

describe("Redis", () => {
  const make = () =>
    registered(() => new Redis("redis", { ...common, specs: machines.redis.slice(0, 2) }));

  it("is its machines with a gate each, a password, and one run", async () => {
    expect(family(await make())).toEqual([
      `redis > redis-config hpc-ha:ansible:AnsibleRun`,
      `redis > redis-password random:index/randomPassword:RandomPassword`,
      `redis > redis-redis1 hpc-ha:machine:Machine`,
      `redis > redis-redis1-gate ${COMMAND}`,
      `redis > redis-redis2 hpc-ha:machine:Machine`,
      `redis > redis-redis2-gate ${COMMAND}`,
      `redis hpc-ha:redis:Redis`,
      `redis-config > redis-config-run ${COMMAND}`,
    ]);
  });

  it("tells its machines ports, patience, password and each its own certificate", async () => {
    const made = await make();
    const run = find(made, "redis-config-run");
    expect(isSecret(run.inputs["stdin"])).toBe(true);
    expect(run.dependsOn).toContain("redis-redis2-gate");
    expect(request(made, run.name)).toMatchObject({
      playbook: "redis.yml",
      knownHosts: "192.168.1.131 ssh-ed25519 redis1\n192.168.1.132 ssh-ed25519 redis2\n",
      incarnations: ["first", "first"],
      vars: {
        base_nameservers: ["192.168.1.1"],
        base_time_servers: [],
        base_packages: ["nftables"],
        base_mounts: [],
        base_firewall_admins: ["192.168.1.1"],
        base_firewall_rules: [{ what: "redis", protocol: "any", from: [] }],
        redis_set: "site",
        redis_patience: 2,
        redis_port: 6379,
        redis_sentinel_port: 26379,
        redis_password: "secret-redis-password",
        redis_ca: "the CA",
        redis_ca_file: "/etc/ssl/site-ca.pem",
        redis_certificates: { redis1: "the key of redis1", redis2: "the key of redis2" },
      },
    });
  });

  it("takes the place of what 0.1 called RedisSentinel", async () => {
    expect(find(await make(), "redis").aliases).toEqual(["hpc-ha:redis:RedisSentinel::redis"]);
  });
});

describe("Galera", () => {
  const databases = [
    { name: "portal", user: "portal" },
    { name: "slurm_acct_db", user: "slurm" },
  ];
  const galera = () =>
    new Galera("galera", { ...common, specs: machines.galera, host: "192.168.1.102", databases });

  it("is its machines with a gate each, a password for each database, and one run", async () => {
    const made = await registered(galera);
    expect(family(made)).toEqual([
      "galera > galera-config hpc-ha:ansible:AnsibleRun",
      ...[1, 2, 3].flatMap((n) => [
        `galera > galera-galera${n} hpc-ha:machine:Machine`,
        `galera > galera-galera${n}-gate ${COMMAND}`,
      ]),
      "galera > galera-portal-password random:index/randomPassword:RandomPassword",
      "galera > galera-slurm_acct_db-password random:index/randomPassword:RandomPassword",
      "galera hpc-ha:galera:Galera",
      `galera-config > galera-config-run ${COMMAND}`,
    ]);
    const password = { length: 32, special: false };
    expect(find(made, "galera-portal-password").inputs).toEqual(password);
  });

  it("gives its cache half of the smallest machine, and its databases to whom they are for", async () => {
    const specs = machines.galera.map((spec, i) => ({ ...spec, memoryMiB: 8192 - 1024 * i }));
    const made = await registered(
      () => new Galera("galera", { ...common, specs, host: "192.168.1.102", databases }),
    );
    expect(request(made, "galera-config-run")["vars"]).toMatchObject({
      galera_buffer_pool_mib: 3072,
      galera_patience: 2,
      galera_port: 3306,
      galera_replication_port: 4567,
      galera_ist_port: 4568,
      galera_sst_port: 4444,
      galera_check_port: 9200,
      galera_databases: [
        { name: "portal", user: "portal", password: "secret-galera-portal-password" },
        { name: "slurm_acct_db", user: "slurm", password: "secret-galera-slurm_acct_db-password" },
      ],
    });
  });

  it("knows its databases by name, at the data VIP", async () => {
    let made: Galera | undefined;
    await registered(() => (made = galera()));
    expect(made?.database("portal", "ready")).toMatchObject({
      host: "192.168.1.102",
      port: 3306,
      user: "portal",
    });
    expect(() => made?.database("other", "ready")).toThrow(
      'no database "other": portal, slurm_acct_db',
    );
  });
});
