import { describe, expect, it } from "vitest";
import { Entry } from "../../../components/entry";
import { certificates } from "../../support/certificates";
import { CONFIGURATION, base, family, fleet, machines, site, vips } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, runOf } from "../../support/referenceSite";

const make = (max = 10, memoryMiB = 2048, more: object = {}) =>
  registered(
    () =>
      new Entry("entry", {
        fleet,
        specs: machines.entry.map((spec) => ({ ...spec, memoryMiB })),
        settings: {
          interface: "eth0",
          prefixLength: 24,
          services: site.services.slice(0, 2),
          pool: { max, drainSeconds: 300 },
          vips,
          vrrp: site.vrrp,
          patience: 2,
          ports: site.ports,
          redis: machines.redis,
          galera: machines.galera,
          ...more,
        },
        certificates,
        redisPassword: "the password",
      }),
  );

describe("Entry", () => {
  it("is its machines with a gate each, and one run", async () => {
    expect(family(await make())).toEqual([
      `entry > entry-config ${CONFIGURATION}`,
      ...[1, 2].flatMap((n) => [
        `entry > entry-haproxy${n} hpc-ha:machine:Machine`,
        `entry > entry-haproxy${n}-gate ${CONFIGURATION}`,
      ]),
      "entry hpc-ha:entry:Entry",
    ]);
  });

  it("knows services, VIPs, the members of the data tier and the certificates, and no web node", async () => {
    const made = await make();
    expect(isSecret(find(made, "entry-config").inputs["request"])).toBe(true);
    const common = {
      sticky: false,
      health_path: "/health",
      health_host: "192.168.1.101",
      health_status: "200",
      check_seconds: 0.8,
      server_seconds: 60,
    };
    expect(runOf(made, "entry-config").vars).toEqual({
      ...base("entry"),
      entry_services: [
        { ...common, name: "auth_portal", port: 4430, path: "/auth", balance: "roundrobin" },
        { ...common, name: "auth_frontend", port: 4431, path: "/", balance: "leastconn" },
      ],
      entry_slots: 20,
      entry_max_connections: 8000,
      entry_drain_seconds: 300,
      entry_interface: "eth0",
      entry_prefix_length: 24,
      entry_web_vip: "192.168.1.101",
      entry_data_vip: "192.168.1.102",
      entry_router_id: 52,
      entry_patience: 2,
      entry_advert_seconds: 0.5,
      entry_http_port: 80,
      entry_https_port: 443,
      entry_stats_port: 8404,
      entry_peer_port: 8405,
      entry_certificate_pem: "the key of web",
      entry_ca: "the CA",
      entry_ca_file: "/etc/ssl/site-ca.pem",
      entry_redis_members: [1, 2, 3].map((n) => ({
        name: `redis${n}`,
        address: `192.168.1.13${n}`,
      })),
      entry_redis_port: 6379,
      entry_redis_password: "the password",
      entry_galera_members: [1, 2, 3].map((n) => ({
        name: `galera${n}`,
        address: `192.168.1.14${n}`,
      })),
      entry_galera_port: 3306,
      entry_galera_check_port: 9200,
    });
  });

  it("knows who serves Slurm's REST API, where the site has one", async () => {
    const slurmRest = { servers: machines.controllers, port: 6820 };
    const told = async (more: object) =>
      runOf(await make(10, 2048, { slurmRest: { ...slurmRest, ...more } }), "entry-config").vars;
    const servers = [
      { name: "slurm-m1", address: "192.168.1.10" },
      { name: "slurm-m2", address: "192.168.1.11" },
    ];
    expect((await told({}))["entry_slurm_rest"]).toEqual({ servers, port: 6820 });
    expect((await told({ tokensPort: 6821 }))["entry_slurm_rest"]).toEqual({
      ...{ servers, port: 6820 },
      tokens_port: 6821,
    });
  });

  it.each([
    [{ max: 20, memoryMiB: 2048 }, 16000],
    [{ max: 40, memoryMiB: 2048 }, 16384],
    [{ max: 10, memoryMiB: 256 }, 2048],
  ])(
    "takes as many connections as %j asks for and carries",
    async ({ max, memoryMiB }, expected) => {
      const vars = runOf(await make(max, memoryMiB), "entry-config").vars;
      expect(vars).toMatchObject({ entry_max_connections: expected });
    },
  );

  it("takes the place of what 0.1 called HaproxyTier", async () => {
    expect(find(await make(), "entry").aliases).toEqual(["hpc-ha:haproxy:HaproxyTier::entry"]);
  });
});
