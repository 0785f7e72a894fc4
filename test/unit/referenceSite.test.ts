/** The whole reference site, of VMs: what spans its tiers. Each tier and the driver have tests of their own. */
import * as yaml from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { intentOf } from "../../components/house";
import { usableMiB } from "../../components/slurm";
import { violations } from "../../policy/rules";
import { site, topology } from "../support/fleet";
import { changeFrom, of01 } from "../support/lineage";
import type { Registration } from "../support/mocked";
import {
  before,
  find,
  ofLibvirt,
  referenceSite,
  runOf,
  temporaryHome,
  type Values,
} from "../support/referenceSite";

temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});
const varsOf = (run: string) => runOf(made, `${run}-config`).vars;

describe("the reference site", () => {
  it("is a domain for each planned machine, on its hypervisor, within the policy", () => {
    const planned = Object.values(topology.machines)
      .flat()
      .map((spec) => `hpc-ha-prod-${spec.name} on host-${spec.hypervisor}`);
    expect(planned).toHaveLength(16);
    const domains = ofLibvirt(made, "Domain");
    expect(domains.map((d) => `${String(d.inputs["name"])} on ${d.provider}`).sort()).toEqual(
      planned.sort(),
    );
    expect(violations(made, intentOf(site, topology))).toEqual([]);
  });

  it("takes a stack of release 0.1 over as it is; new are only the record, the releases, Redis' users, the login machine's own, and what is compared with the machines", () => {
    // What they do to machines is a program's when it runs, and their end does nothing to any.
    const runs = /AnsibleRun|::entry-membership|-gate$/;
    const { lost, added } = changeFrom(of01("prod"), made);
    expect(lost.filter((identity) => !runs.test(identity))).toEqual([]);
    expect(
      added.filter((name) => !/-(config|gate|relief|membership|accounts|nodes)$/.test(name ?? "")),
    ).toEqual([
      "record",
      "login",
      "web-releases",
      "redis-admin-password",
      "redis-replica-password",
      "redis-sentinel-password",
      expect.stringMatching(/^web-releases-[0-9a-f]{12}-[0-9a-f]{8}$/) as string,
    ]);
  });

  it("is created without any machine waiting for another one's boot or configuration", () => {
    for (const domain of ofLibvirt(made, "Domain")) {
      const waits = [...before(made, domain.name)];
      expect([domain.name, waits.filter((w) => /-(ready|config)$/.test(w))]).toEqual([
        domain.name,
        [],
      ]);
    }
  });
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

  it.each(["share", "galera", "redis", "entry", "controllers", "compute", "login", "web"])(
    "%s: no two runs of its playbook at once: the gates come first",
    (set) => {
      const gates = made.filter((m) => new RegExp(`^${set}-.*-gate$`).test(m.name));
      expect(gates).not.toEqual([]);
      const first = before(made, `${set}-config`);
      expect(gates.map(({ name }) => name).filter((name) => !first.has(name))).toEqual([]);
    },
  );

  it("has each gate pass again for another incarnation of its machine, and of no other", () => {
    for (const i of [1, 2, 3]) {
      expect(find(made, `galera-galera${i}-gate`).inputs["wanted"]).toEqual({
        [`galera${i}`]: `id-of-galera-galera${i}-domain`,
      });
    }
  });
});

describe("a machine that was made anew", () => {
  it.each([
    ["galera-galera2", "galera-config"],
    ["redis-redis3", "redis-config"],
    ["entry-haproxy1", "entry-config"],
    ["controllers-slurm-m1", "controllers-config"],
    ["compute-compute1", "compute-config"],
    ["login-client", "login-config"],
    ["web-web1", "web-config"],
    ["share-nfs-srv", "share-config"],
  ])("%s: its gate runs what %s ran, with the same variables", (machine, config) => {
    const run = runOf(made, config);
    const gate = runOf(made, `${machine}-gate`);
    expect(gate.vars).toEqual(run.vars);
    expect(yaml.load(String(gate["inventory"]))).toEqual(yaml.load(String(run["inventory"])));
    expect(gate.vars["base_firewall_rules"]).not.toEqual([]);
    expect(gate.vars["base_packages"]).toContain("nftables");
    expect(gate.vars["base_nameservers"]).toEqual(["192.168.1.1"]);
  });
});

describe("the state share", () => {
  it("is mounted by the controllers once it is exported to them, and to nobody else", () => {
    expect(find(made, "share").inputs).toEqual({ clients: ["192.168.1.10", "192.168.1.11"] });
    expect(before(made, "controllers-slurm-m1-domain")).toContain("share-nfs-srv-gate");
    expect(before(made, "controllers-slurm-m1-ready")).toContain("share-config");
    const [mount, ...others] = varsOf("controllers")["base_mounts"] as Values[];
    expect(mount).toMatchObject({ source: "192.168.1.12:/slurm_shared", target: "/mnt/slurm" });
    expect(mount?.["options"]).toMatch(/(^|,)hard(,|$)/);
    expect(others).toEqual([]);
    for (const other of ["web", "compute", "login", "galera", "share"]) {
      expect([other, varsOf(other)["base_mounts"]]).toEqual([other, []]);
    }
  });
});

describe("fencing", () => {
  it("is by each controller's own hypervisor, known to both", () => {
    const services = made.filter((m) => m.name.endsWith("-service")).map((s) => s.name);
    expect(services).toEqual([
      "controllers-fencing-hv1-service",
      "controllers-fencing-hv2-service",
    ]);
    expect(varsOf("controllers")["slurm_fence_targets"]).toEqual([
      { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
      { machine: "slurm-m2", address: "192.168.1.3", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
    ]);
  });
});

describe("a compute node", () => {
  it("promises less memory than its VM has: else slurmctld takes it for broken", () => {
    const memory = Number(find(made, "compute-compute1-domain").inputs["memory"]);
    for (const node of varsOf("controllers")["slurm_nodes"] as { parameters: string }[]) {
      const promised = Number(/RealMemory=(\d+)/.exec(node.parameters)?.[1]);
      expect(promised).toBeLessThan(0.96 * memory);
      expect(promised).toBeGreaterThan(0.9 * memory);
    }
    // Seen: a VM of 1024 MiB has 960.
    expect(usableMiB(1024)).toBeLessThan(960);
  });
});
