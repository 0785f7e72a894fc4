import { beforeAll, describe, expect, it } from "vitest";
import type { Registration } from "../../support/mocked";
import * as yaml from "js-yaml";
import { usableMiB } from "../../../components/slurm";
import { isMadeAnew } from "../../../programs/gate";
import {
  before,
  find,
  ofLibvirt,
  referenceSite,
  request,
  temporaryHome,
  type Values,
} from "../../support/referenceSite";

temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});

describe("a set of VMs", () => {
  it.each([
    ["galera-galera", 3],
    ["redis-redis", 3],
    ["entry-haproxy", 2],
    ["controllers-slurm-m", 2],
    ["compute-compute", 2],
    ["web-web", 2],
  ])("%s: the next is touched only when the one before is healthy", (prefix, members) => {
    for (let i = 2; i <= members; i++) {
      expect(before(made, `${prefix}${i}-domain`)).toContain(`${prefix}${i - 1}-gate`);
      expect(before(made, `${prefix}${i - 1}-gate`)).toContain(`${prefix}${i - 1}-domain`);
    }
  });

  it.each(["galera", "redis", "entry", "controllers", "compute"])(
    "%s: no two runs of its playbook at once: the gates come first",
    (set) => {
      const gates = made.filter((m) => new RegExp(`^${set}-.*-gate$`).test(m.name));
      const first = before(made, `${set}-config-run`);
      expect(gates.map(({ name }) => name).filter((name) => !first.has(name))).toEqual([]);
    },
  );

  it("with a share is touched only when its server serves again", () => {
    expect(before(made, "controllers-slurm-m1-domain")).toContain("share-nfs-srv-gate");
    expect(before(made, "share-config-run")).toContain("share-nfs-srv-gate");
  });

  it("is created without waiting for one another's boot or configuration", () => {
    for (const domain of ofLibvirt(made, "Domain")) {
      const waits = [...before(made, domain.name)];
      expect([domain.name, waits.filter((w) => /-(ready|run)$/.test(w))]).toEqual([
        domain.name,
        [],
      ]);
    }
  });

  it("is configured again when a machine of it was made anew, only then by the gate", () => {
    expect(isMadeAnew(undefined, "a")).toBe(false);
    expect(isMadeAnew("a\n", "a")).toBe(false);
    expect(isMadeAnew("a\n", "b")).toBe(true);
    const run = request(made, "galera-config-run");
    expect(run["incarnations"]).toEqual([1, 2, 3].map((i) => `id-of-galera-galera${i}-domain`));
  });
});

describe("a machine that was made anew", () => {
  type Run = { inventory: string; vars: Values };
  it.each([
    ["galera-galera2", "galera-config"],
    ["redis-redis3", "redis-config"],
    ["entry-haproxy1", "entry-config"],
    ["controllers-slurm-m1", "controllers-config"],
    ["compute-compute1", "compute-config"],
    ["web-web1", "web-web1-config"],
    ["share-nfs-srv", "share-config"],
  ])("%s: its gate runs what %s ran, with the same variables", (machine, config) => {
    const run = request(made, `${config}-run`) as Run;
    const { run: gate } = request(made, `${machine}-gate`) as { run: Run };
    expect(gate.vars).toEqual(run.vars);
    expect(yaml.load(gate.inventory)).toEqual(yaml.load(run.inventory));
    expect(gate.vars["base_firewall_rules"]).not.toEqual([]);
    expect(gate.vars["base_packages"]).toContain("nftables");
  });
});

describe("the state share", () => {
  it("is mounted by the controllers once it is exported to them, and to nobody else", () => {
    expect(find(made, "share").inputs).toEqual({
      clients: ["192.168.1.10", "192.168.1.11"],
    });
    expect(before(made, "controllers-slurm-m1-ready")).toContain("share-config-run");
    const mounts = (tier: string) =>
      (request(made, `${tier}-config-run`)["vars"] as { base_mounts: Values[] }).base_mounts;
    expect(mounts("controllers")).toMatchObject([
      { source: "192.168.1.12:/slurm_shared", target: "/mnt/slurm" },
    ]);
    expect(mounts("controllers")[0]?.["options"]).toMatch(/(^|,)hard(,|$)/);
    expect(mounts("web-web1")).toEqual([]);
  });
});

describe("what a machine is told of its surroundings", () => {
  it("is name and time servers, by a change that needs no power cycle", async () => {
    const bridge = { bridge: "br0" };
    const told = await referenceSite(
      {},
      { network: { ...bridge, nameservers: ["192.168.1.1"], timeServers: ["192.168.1.2"] } },
    );
    const untold = await referenceSite({}, { network: bridge });
    expect(request(told, "web-web1-config-run")["vars"]).toMatchObject({
      base_nameservers: ["192.168.1.1"],
      base_time_servers: ["192.168.1.2"],
    });
    expect(request(untold, "web-web1-config-run")["vars"]).toMatchObject({
      base_nameservers: [],
      base_time_servers: [],
    });
    const timed = await referenceSite({}, { network: { ...bridge, timeServers: ["192.168.1.2"] } });
    expect(find(timed, "hpc-ha-prod-web1-seed").replacementTrigger).toEqual(
      find(untold, "hpc-ha-prod-web1-seed").replacementTrigger,
    );
  });
});

describe("a compute node", () => {
  it("promises less memory than its VM has: else slurmctld takes it for broken", () => {
    const { vars } = request(made, "controllers-config-run") as {
      vars: { slurm_nodes: { memory_mib: number }[] };
    };
    const domain = find(made, "compute-compute1-domain");
    const memory = Number(domain.inputs["memory"]);
    for (const node of vars.slurm_nodes) {
      expect(node.memory_mib).toBeLessThan(0.96 * memory);
      expect(node.memory_mib).toBeGreaterThan(0.9 * memory);
    }
    // Seen: a VM of 1024 MiB has 960.
    expect(usableMiB(1024)).toBeLessThan(960);
  });
});
