import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";
import { firewall, parseConfig } from "../../components/house";
import type { SiteConfig, TierName } from "../../components/tiers";
import { admits } from "../support/admits";

const root = path.join(__dirname, "..", "..");
const lab = path.join(root, "Pulumi.lab.yaml");
const { config } = yaml.load(readFileSync(lab, "utf8")) as { config: Record<string, unknown> };

/** The lab's config with changes. */
function site(changes: Record<string, unknown> = {}): SiteConfig {
  const all = Object.entries(config).map(([k, v]) => [k.replace(/^hpc-ha:/, ""), v] as const);
  const raw = Object.entries({ ...Object.fromEntries(all), ...changes });
  return parseConfig(
    Object.fromEntries(raw.map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)])),
  );
}
const at = (host: number) => `198.18.1.${host}`;
/** A site with two who watch. */
const watched = () => site({ members: { monitor: 2 } });
/** One machine of each tier, and the hypervisor. */
const FROM: Record<string, string> = {
  hypervisor: at(1),
  controller: at(10),
  web: at(21),
  redis: at(131),
  galera: at(141),
  entry: at(151),
  compute: at(161),
  login: at(190),
  monitor: at(195),
  stranger: at(200),
};
/** Who of them is let in. */
const letIn = (tier: TierName, port: number, of = site()) =>
  Object.keys(FROM)
    .filter((name) => admits(firewall(of), tier, port, FROM[name] ?? ""))
    .join(" ");

describe("who may talk to whom", () => {
  const { ports, services } = site();
  it.each<[TierName, number, string]>([
    ["controllers", ports.slurmctld, "controller compute login"],
    ["controllers", ports.slurmdbd, "controller compute login"],
    ["compute", ports.slurmd, "controller compute login"],
    ["compute", ports.srunFirst, "controller compute"],
    ["compute", 40000, "compute"],
    ["login", ports.srunFirst, "controller compute"],
    ["login", ports.srunLast, "controller compute"],
    ["login", ports.srunLast + 1, "compute"],
    ["redis", ports.redis, "redis entry"],
    ["redis", ports.sentinel, "redis"],
    ["galera", ports.mysql, "entry"],
    ["galera", ports.galeraCheck, "galera entry"],
    ["galera", ports.galeraReplication, "galera"],
    ["galera", ports.galeraIst, "galera"],
    ["galera", ports.galeraSst, "galera"],
    ["web", ports.nodeExporter, "entry"],
    ["entry", ports.http, Object.keys(FROM).join(" ")],
    ["entry", ports.https, Object.keys(FROM).join(" ")],
    ["entry", ports.stats, "hypervisor"],
    ["entry", ports.haproxyPeer, "entry"],
    ["entry", ports.redis, "web"],
    ["entry", ports.mysql, "controller web"],
    ...services.map((s): [TierName, number, string] => ["web", s.port, "entry"]),
    ["web", 22, "hypervisor"],
    ["web", 12345, ""],
  ])("%s, port %i: %s", (tier, port, who) => {
    expect(letIn(tier, port)).toBe(who);
  });

  it.each<[TierName, number, string]>([
    ["monitor", ports.prometheus, "monitor"],
    ["monitor", ports.alertmanager, "monitor"],
    ["monitor", ports.alertmanagerPeer, "monitor"],
    ["monitor", ports.nodeExporter, "monitor"],
    ["monitor", ports.logs, "controller web redis galera entry compute login monitor"],
    ["web", ports.nodeExporter, "entry monitor"],
    ["redis", ports.nodeExporter, "monitor"],
    ["controllers", ports.nodeExporter, "monitor"],
    ["entry", ports.stats, "hypervisor monitor"],
    ["entry", ports.redis, "web monitor"],
    ["entry", ports.mysql, "controller web"],
    ["redis", ports.redis, "redis entry"],
    ["redis", ports.redisExporter, "monitor"],
    ["galera", ports.mysqldExporter, "monitor"],
    ["galera", ports.mysql, "entry"],
  ])("where it is watched: %s, port %i: %s", (tier, port, who) => {
    expect(letIn(tier, port, watched())).toBe(who);
  });

  it("lets users in on compute nodes where the site wants that", () => {
    expect(letIn("compute", 22)).toBe("hypervisor compute");
    const slurm = { ...(config["hpc-ha:slurm"] as object), nodeLogin: true };
    expect(letIn("compute", 22, site({ slurm }))).toBe("hypervisor compute login");
  });

  it("opens no port for a monitor that is not there", () => {
    const { rules } = firewall(site());
    expect(Object.values(rules).flat()).not.toContainEqual(
      expect.objectContaining({ what: "metrics of the machine" }),
    );
    expect(letIn("redis", ports.nodeExporter)).toBe("");
    expect(letIn("redis", ports.redisExporter)).toBe("");
    expect(letIn("galera", ports.mysqldExporter)).toBe("");
  });

  it("lets the two who watch gossip, by UDP too", () => {
    expect(firewall(watched()).rules.monitor).toContainEqual({
      what: "Alertmanager's peer",
      protocol: "udp",
      ports: String(ports.alertmanagerPeer),
      from: [at(195), at(196)],
    });
  });

  it("forgets no port of the site", () => {
    const rest = { enabled: true, portal: { users: { admin: "kim" } } };
    const users = { local: [{ name: "kim", uid: 2001 }] };
    const everything = site({ members: { monitor: 2 }, slurm: { rest }, users });
    const all = Object.values(firewall(everything).rules).flat();
    const known = all.flatMap((rule) => (rule.protocol === "tcp" ? rule.ports.split("-") : []));
    // The hypervisor listens on that of fencing, and what asks the entry on its own machine only.
    const others = { fence: undefined, blackboxExporter: undefined };
    const ours = Object.values({ ...ports, ...others }).filter((p) => p !== undefined);
    const wanted = [...ours, ...services.map((s) => s.port)].map(String);
    expect(wanted.filter((port) => !known.includes(port))).toEqual([]);
  });

  it("hears VRRP from the machines that share the address only, by address and MAC", () => {
    const { rules } = firewall(site());
    const peers = (tier: TierName) =>
      rules[tier].flatMap((rule) => (rule.protocol === "vrrp" ? rule.peers : []));
    expect(peers("entry")).toEqual([
      { address: at(151), mac: "52:54:00:12:01:97" },
      { address: at(152), mac: "52:54:00:12:01:98" },
    ]);
    expect(peers("controllers").map((p) => p.address)).toEqual([at(10), at(11)]);
    expect((["login", "web", "redis", "galera", "compute"] as const).flatMap(peers)).toEqual([]);
  });

  it("is the same whatever the present size of the web pool, and knows all of it", () => {
    expect(firewall(site({ webReplicas: "10" }))).toEqual(firewall(site()));
    expect(admits(firewall(site()), "entry", ports.redis, at(30))).toBe(true);
    expect(admits(firewall(site()), "entry", ports.redis, at(31))).toBe(false);
  });

  it("has no rule for a tier that is not there", () => {
    const none = firewall(site({ members: { login: 0 } }));
    const slurmctld = none.rules["controllers"].find((r) => r.what === "slurmctld");
    expect(slurmctld).toMatchObject({ from: [10, 11, 161, 162].map(at) });
  });

  it("lets administrators in from where the config says, else from the subnet's gateway", () => {
    const elsewhere = site({ firewall: { adminNetworks: [at(200), "10.0.0.0/8"] } });
    expect(letIn("galera", 22, elsewhere)).toBe("stranger");
    expect(admits(firewall(elsewhere), "entry", ports.stats, "10.9.8.7")).toBe(true);
  });

  it("lets in what the config allows besides, and no more", () => {
    const allow = [{ tier: "entry", port: ports.mysql, from: [at(190), at(200)] }];
    const open = site({ firewall: { allow } });
    expect(letIn("entry", ports.mysql, open)).toBe("controller web login stranger");
    expect(letIn("entry", ports.redis, open)).toBe("web");
    expect(letIn("galera", ports.mysql, open)).toBe("entry");
  });
});

it.each([
  [{ firewall: { adminNetworks: ["everyone"] } }, /adminNetworks.0 = "everyone": an IPv4 address/],
  [{ firewall: { adminNetworks: [] } }, /firewall.adminNetworks/],
  [{ firewall: { allow: [{ tier: "db", port: 1, from: [at(1)] }] } }, /allow.0.tier = "db"/],
  [{ ports: { srunFirst: 2000, srunLast: 1500 } }, /ports.srunFirst = 2000: must not be above/],
])("refuses %o", (changes, message) => {
  expect(() => site(changes)).toThrow(message);
});

it("is the first role of every playbook", () => {
  const playbooks = readdirSync(path.join(root, "ansible")).filter((f) => f.endsWith(".yml"));
  const plays = playbooks.map((file) => {
    const [play] = yaml.load(readFileSync(path.join(root, "ansible", file), "utf8")) as Play[];
    return { file, first: play?.roles[0]?.role };
  });
  expect(plays.length).toBeGreaterThan(6);
  expect(plays.filter(({ first }) => first !== "base")).toEqual([]);
});
interface Play {
  roles: { role: string }[];
}
