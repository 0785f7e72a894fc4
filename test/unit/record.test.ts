import { describe, expect, it } from "vitest";
import { intentOf, parseConfig, plan, record } from "../../components/house";
import type { ConfigError } from "../../plan/config";
import { hostFiles } from "../../plan/files";
import type { SiteRecord } from "../../plan/record";
import { violations } from "../../policy/rules";
import { find, configOf, type Values, temporaryHome } from "../support/referenceSite";
import { type Registration, registrations } from "../support/mocked";

temporaryHome();

const HOSTS = [1, 2, 3, 4].map((n) => `qemu+ssh://root@192.168.1.${n + 1}/system`);
/** The reference site on so many hypervisors. */
function site(hypervisors: number, changes: Values = {}, vm: Values = {}) {
  const config = configOf("prod");
  const all: Values = {
    ...config,
    vm: {
      ...(config["vm"] as Values),
      hypervisors: Object.fromEntries(
        HOSTS.slice(0, hypervisors).map((uri, i) => [`hv${i + 1}`, uri]),
      ),
      fenceAddresses: {},
      ...vm,
    },
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(all).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]),
  );
}

const made = (raw: Record<string, string>, before?: SiteRecord) =>
  record(parseConfig(raw, { files: hostFiles, before }), before);
/** Machine name -> hypervisor. */
const hosts = (raw: Record<string, string>, before?: SiteRecord): Record<string, string> =>
  Object.fromEntries(
    Object.values(plan(parseConfig(raw, { files: hostFiles, before }), before).machines)
      .flat()
      .map((m) => [m.name, m.hypervisor]),
  );
function faults(raw: Record<string, string>, before: SiteRecord): string[] {
  try {
    parseConfig(raw, { files: hostFiles, before });
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

describe("the hypervisor of a machine that is there", () => {
  it.each([
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 3],
  ])("is the same with %d hypervisors and then %d, but for machines of one that goes", (n, m) => {
    const before = made(site(n));
    const was = hosts(site(n));
    const gone = Object.keys(was).filter((name) => was[name] === "hv4");
    const placement = Object.fromEntries(gone.map((name) => [name, "hv1"]));
    const allowOnOneHypervisor = m < n ? ["redis", "galera", "entry", "controllers"] : [];
    const now = hosts(site(m, {}, m < n ? { placement, allowOnOneHypervisor } : {}), before);
    expect(now).toEqual({ ...was, ...placement });
  });

  it("is another one when it is asked for by name, and for no other machine", () => {
    const before = made(site(2));
    const vm = { placement: { galera3: "hv3" } };
    const was = hosts(site(2));
    expect(hosts(site(3, {}, vm), before)).toEqual({ ...was, galera3: "hv3" });
    // It stays there when nobody asks any more.
    expect(hosts(site(3), made(site(3, {}, vm), before))).toEqual({ ...was, galera3: "hv3" });
  });

  it("is no fault and against no policy when members are together since there were fewer", () => {
    const before = made(site(2));
    expect([before.machines["galera1"], before.machines["galera3"]]).toMatchObject([
      { hypervisor: "hv1" },
      { hypervisor: "hv1" },
    ]);
    const now = parseConfig(site(3), { files: hostFiles, before });
    const topology = plan(now, before);
    const domains = topology.machines.galera.map(({ name, hypervisor }) => ({
      type: "libvirt:index/domain:Domain",
      name,
      inputs: { name: `hpc-ha-prod-${name}` },
      protect: false,
      retainOnDelete: false,
      provider: `host-${hypervisor}`,
    }));
    expect(violations(domains, intentOf(now, topology, before))).toEqual([]);
    expect(violations(domains, intentOf(now, topology))).toHaveLength(1);
    // Bringing them together is one.
    expect(faults(site(3, {}, { placement: { redis1: "hv1", redis2: "hv1" } }), before)).toEqual([
      expect.stringMatching(/^vm.placement puts redis1 and redis2 .*hv1: at most 1 of 3/),
    ]);
  });

  it("is where the fewest of its tier and then of all are, for a new one", () => {
    const before = made(site(2));
    const now = hosts(site(3, { webReplicas: "8" }), before);
    const pool = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => now[`web${n}`]);
    expect(pool.slice(0, 3).sort()).toEqual(["hv1", "hv2", "hv3"]);
    expect(pool[2]).toBe("hv3");
    for (const host of ["hv1", "hv2", "hv3"]) {
      expect(pool.filter((h) => h === host).length).toBeLessThanOrEqual(3);
    }
  });

  it("is not chosen anew for what was on a hypervisor that is gone, unless somebody says so", () => {
    const before = made(site(3));
    const lost = Object.entries(hosts(site(3))).flatMap(([m, h]) => (h === "hv3" ? [m] : []));
    const found = faults(site(2), before);
    expect(found).toEqual([
      expect.stringMatching(
        /^vm.hypervisors.hv3 is missing, and .*galera1.* are on it; put it back, or .*vm.placement: {.*galera1: hv\d/,
      ),
    ]);
    for (const name of lost) expect(found[0]).toContain(name);
    // What it proposes is accepted.
    const proposed = /\{(.*)\}$/.exec(found[0] ?? "")?.[1] ?? "";
    const placement: Values = Object.fromEntries(
      proposed.split(", ").map((part) => part.split(": ") as [string, string]),
    );
    expect(Object.keys(placement).sort()).toEqual(lost.sort());
    expect(faults(site(2, {}, { placement }), before)).toEqual([]);
  });
});

describe("a config that would by accident", () => {
  const before = made(site(3));
  it.each([
    [
      "delete members of galera",
      { members: { galera: 1 } },
      /^members.galera = 1: the site has galera1, galera2, galera3, which hold its data; take it back/,
    ],
    [
      "delete members of redis",
      { members: { redis: 1 } },
      /^members.redis = 1: the site has redis1/,
    ],
    [
      "move a Redis machine from its Sentinels' address",
      { addresses: { redis1: "192.168.1.231" } },
      /^addresses.redis1 = "192.168.1.231": .* know redis1 by 192.168.1.131/,
    ],
    ["move a Galera node", { addresses: { galera2: "192.168.1.231" } }, /^addresses.galera2 = /],
    ["move a controller", { addresses: { "slurm-m2": "192.168.1.231" } }, /^addresses.slurm-m2 = /],
    [
      "move the state share",
      { addresses: { "nfs-srv": "192.168.1.231" } },
      /^addresses.nfs-srv = /,
    ],
    [
      "rename the cluster",
      { slurm: { clusterName: "other" } },
      /^slurm.clusterName = "other": the site was made with "hpc"/,
    ],
    [
      "have another Slurm",
      { slurm: { packages: "24.11" } },
      /^slurm.packages = "24.11": the site was made with "debian", and Slurm cannot go .* new database and job ids above/,
    ],
  ])("%s is refused", (_, changes, message) => {
    expect(faults(site(3, changes), before)).toEqual([expect.stringMatching(message)]);
    // A new site may have it.
    expect(made(site(3, changes)).machines).not.toEqual({});
  });

  it("have another Slurm is refused also where the record is from before it knew of that, and the way back too", () => {
    const values = Object.entries(before.values).filter(([key]) => key !== "slurm.packages");
    const old = { ...before, values: Object.fromEntries(values) };
    const newer = site(3, { slurm: { packages: "24.11" } });
    expect(faults(newer, old)).toEqual([expect.stringMatching(/^slurm.packages = "24.11": /)]);
    expect(faults(site(3), old)).toEqual([]);
    expect(faults(newer, made(newer))).toEqual([]);
    expect(faults(site(3), made(newer))).toEqual([
      expect.stringMatching(/^slurm.packages = "debian": the site was made with "24.11", and /),
    ]);
  });

  it("change the driver is refused, and only that is said", () => {
    const raw: Values = { ...site(3), driver: "container" };
    delete raw["vm"];
    expect(faults(raw as Record<string, string>, before)).toEqual([
      expect.stringMatching(/^driver = "container": the site was made with "vm"/),
    ]);
  });

  it("do several of these has every fault in one error, with all others", () => {
    const raw = site(2, { members: { galera: 1 }, slurm: { clusterName: "x" }, nonsense: "1" });
    const starts = faults(raw, before).map((fault) => fault.split(" ")[0]);
    expect(starts).toEqual([
      "nonsense:",
      "slurm.clusterName",
      "members.galera",
      "vm.hypervisors.hv3",
    ]);
  });

  it("change what may be changed is accepted", () => {
    const raw = site(3, {
      webReplicas: "4",
      members: { entry: 2, login: 0 },
      addresses: { web1: "192.168.1.231", compute1: "192.168.1.232" },
      slurm: { computeNodes: 3 },
    });
    expect(faults(raw, before)).toEqual([]);
  });
});

describe("the program", () => {
  const lab = (changes: Values, before?: object): Promise<Registration[]> =>
    registrations({ ...configOf("lab"), ...changes }, "lab", before);
  const kept = record(
    parseConfig(
      Object.fromEntries(
        Object.entries(configOf("lab")).map(([k, v]) => [
          k,
          typeof v === "string" ? v : JSON.stringify(v),
        ]),
      ),
    ),
  );

  it("keeps the record before it makes anything else", async () => {
    const [first] = await lab({});
    expect([first?.name, first?.type]).toEqual(["record", "hpc-ha:site:Record"]);
    expect(find(await lab({}, { record: kept }), "galera-galera3")).toBeDefined();
  });

  it("refuses what would go by accident before it makes anything", async () => {
    const all: Registration[] = [];
    const refused = lab({ members: { galera: 1 } }, { record: kept }).then((m) => all.push(...m));
    await expect(refused).rejects.toThrow("members.galera = 1: the site has galera1");
    expect(all).toEqual([]);
  });

  it("takes a record that was cut off for none, and does not go by one that it cannot read", async () => {
    expect(await lab({ members: { galera: 1 } }, {})).not.toEqual([]);
    await expect(lab({}, { record: { machines: [] } })).rejects.toThrow();
  });
});
