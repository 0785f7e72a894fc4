import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseConfig, plan } from "../../components/house";
import { fenceAddressOf } from "../../drivers/vm/settings";
import type { ConfigError } from "../../plan/config";

const root = path.join(__dirname, "..", "..");
const service = (name: string, port: number, path: string) => ({
  name,
  port,
  path,
  source: { path: "portal/dist" },
  start: "node server.js",
});
const valid: Record<string, string> = {
  webReplicas: "2",
  cidr: "198.18.1.0/24",
  driver: "container",
  services: JSON.stringify([service("auth", 4430, "/auth"), service("app", 5174, "/app")]),
};

/** The faults of `valid` with some keys changed; undefined removes a key. */
function faults(change: Record<string, string | undefined>): string[] {
  const raw: Record<string, string> = {};
  for (const [k, v] of Object.entries({ ...valid, ...change })) if (v !== undefined) raw[k] = v;
  try {
    parseConfig(raw);
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}

describe("parseConfig", () => {
  it("fills in the defaults of the reference site", () => {
    const site = parseConfig(valid);
    expect(site.web).toEqual({ min: 2, max: 10, drainSeconds: 300, readySeconds: 60 });
    expect(site.ports.stats).toBe(8404);
    expect(site.services[0]?.healthPath).toBe("/health");
  });

  it.each([
    [{ retentionDays: 0 }, /^monitor.retentionDays = 0: /],
    [{ retentionGiB: 0 }, /^monitor.retentionGiB = 0: /],
    [{ logs: { retentionDays: 0 } }, /^monitor.logs.retentionDays = 0: /],
    [{ logs: { retentionGiB: 0 } }, /^monitor.logs.retentionGiB = 0: /],
    [
      { retentionGiB: 10 },
      /^monitor.retentionGiB = 10 and monitor.logs.retentionGiB = 5: together at most 14 fit sizes.monitor.diskGiB = 20/,
    ],
    [
      { hypervisors: { hv1: "192.168.1.2" } },
      /^monitor.hypervisors.hv1 = "192.168.1.2": .*address:port/,
    ],
    [{ hypervisors: { hv1: "http://hv1:9100" } }, /^monitor.hypervisors.hv1 = .*address:port/],
    [{ hypervisors: { hv1: "hv1:70000" } }, /^monitor.hypervisors.hv1 = .*address:port/],
    [
      { hypervisors: { "h v": "hv1:9100" } },
      /^monitor.hypervisors: the name "h v": allowed are letters/,
    ],
    [{ alerts: { webhook: "slack" } }, /^monitor.alerts.webhook = \(a secret\): /],
    [{ alerts: { jsonWebhook: "ftp://x" } }, /^monitor.alerts.jsonWebhook = \(a secret\): /],
    [
      { alerts: { mail: { host: "mail", from: "a@b.kr", to: [] } } },
      /^monitor.alerts.mail.to = \[\]: /,
    ],
    [{ alerts: { webhook: "" } }, /^monitor.alerts.webhook = \(a secret\): /],
    [{ alerts: { mail: { host: "mail", from: "a@b.kr" } } }, /^monitor.alerts.mail.to is missing/],
    [
      { alerts: { mail: { from: "a@b.kr", to: ["c@d.kr"] } } },
      /^monitor.alerts.mail.host is missing/,
    ],
    [
      { alerts: { mail: { host: "mail", from: "a@b.kr", to: ["c@d.kr"], user: "u" } } },
      /^monitor.alerts.mail: user without password/,
    ],
    [
      {
        alerts: {
          mail: {
            host: "mail",
            from: "a@b.kr",
            to: ["c@d.kr"],
            user: "u",
            password: "p",
            tls: false,
          },
        },
      },
      /^monitor.alerts.mail.tls = false: the password would be sent in the clear/,
    ],
  ])("refuses a monitor of %o", (monitor, message) => {
    expect(faults({ monitor: JSON.stringify(monitor) })).toEqual([expect.stringMatching(message)]);
  });

  it("has no monitor unless it is asked for, and at most two", () => {
    expect(parseConfig(valid).members["monitor"]).toBe(0);
    expect(plan(parseConfig(valid)).machines.monitor).toEqual([]);
    expect(faults({ members: JSON.stringify({ monitor: 3 }) })).toEqual([
      expect.stringMatching(/^members.monitor = 3: /),
    ]);
  });

  it.each([
    ["1", /webReplicas = 1: allowed is 2 to 10/],
    ["11", /webReplicas = 11: allowed is 2 to 10/],
    ["2.5", /webReplicas = 2.5: .*whole number/],
    ["three", /webReplicas = "three": .*number/],
    ["3abc", /webReplicas = "3abc": .*number/],
    [undefined, /webReplicas is missing/],
  ])("refuses a pool of size %s", (size, message) => {
    expect(faults({ webReplicas: size })).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    [{ web1: "10.0.0.1" }, /addresses.web1 = "10.0.0.1": must be inside 198.18.1.0\/24/],
    [{ redis1: "198.18.1.21" }, /198.18.1.21.*must be unique/],
    [{ redis1: "198.18.1.101" }, /already the address of the VIP webVip/],
    [{ redis1: "198.18.1.30" }, /"198.18.1.30": already the address of/],
    [{ nowhere: "198.18.1.200" }, /addresses.nowhere: no such machine; allowed: .*redis1/],
    [{ web1: "198.18.1.1" }, /must be inside/],
  ])("refuses the address %o", (addresses, message) => {
    const found = faults({ addresses: JSON.stringify(addresses) });
    expect(found).toEqual([expect.stringMatching(message)]);
  });

  it("refuses unknown keys at every depth", () => {
    expect(faults({ webReplica: "2" })).toEqual([expect.stringMatching(/webReplica: unknown key/)]);
    expect(faults({ web: '{"minimum": 2}' })).toEqual([expect.stringMatching(/minimum/)]);
  });

  it("refuses min > max", () => {
    const found = faults({ web: '{"min": 5, "max": 3}' });
    expect(found).toEqual(["web.min = 5: must not be above web.max = 3"]);
  });

  it("refuses a port, name or path that two services share", () => {
    const services = JSON.stringify([service("a", 4430, "/a"), service("b", 4430, "/b")]);
    expect(faults({ services })).toEqual([
      "services.1.port = 4430: already used by a; must be unique",
    ]);
  });

  it.each([
    ['{"alerts": {"webhook": "hooks.example.org/S3CRET"}}', /webhook = \(a secret\): Invalid URL/],
    ['{"alerts": {"webhook": "https://h/S3CRET", "to": 1}}', /alerts = .*\(a secret\).*: Unrec/],
    ["{alerts: {mail: {password: S3CRET}", /autoscaler = \(a secret\): /],
  ])("says no secret of a bad autoscaler: %s", (autoscaler, message) => {
    const found = faults({ autoscaler });
    expect(found).toEqual([expect.stringMatching(message)]);
    expect(found.join()).not.toContain("S3CRET");
  });

  it("refuses a service on the port of the node's metrics", () => {
    const services = JSON.stringify([service("a", 9100, "/a")]);
    expect(faults({ services })).toEqual([
      "services.0.port = 9100: already ports.nodeExporter on the machines of web; must be unique there",
    ]);
  });

  it("refuses a key file that cannot be read", () => {
    const found = faults({ ssh: '{"privateKeyFile": "/nonexistent/key"}' });
    expect(found).toEqual([
      expect.stringMatching(/ssh.privateKeyFile = "\/nonexistent\/key": must be a readable file/),
    ]);
  });

  it.each([
    [
      "stats",
      8405,
      /^ports.haproxyPeer = 8405: already ports.stats on the machines of entry; must/,
    ],
    ["mysql", 6379, /^ports.mysql = 6379: already ports.redis on the machines of entry/],
    ["galeraCheck", 4444, /^ports.galeraSst = 4444: already ports.galeraCheck on .* galera/],
    ["sentinel", 6379, /^ports.sentinel = 6379: already ports.redis on the machines of redis/],
    ["slurmdbd", 6817, /^ports.slurmdbd = 6817: already ports.slurmctld on .* controllers/],
    ["slurmd", 62000, /^ports.slurmd = 62000: must not be within ports.srunFirst to/],
    ["http", 22, /^ports.http = 22: already ssh on the machines of entry/],
    ["https", 80, /^ports.https = 80: already ports.http on the machines of entry/],
    ["redis", 80, /^ports.redis = 80: at least 1024: what listens there is not root/],
  ])("refuses ports.%s = %d, which another one has on the same machine", (name, port, message) => {
    expect(faults({ ports: JSON.stringify({ [name]: port }) })).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it("takes the same port on machines of different tiers", () => {
    expect(faults({ ports: '{"slurmctld": 6379, "galeraCheck": 6817}' })).toEqual([]);
  });

  it.each(["membership", "redis", "galera", "handover", "http", "peer_state"])(
    "refuses a service that is called like HAProxy's section %s",
    (name) => {
      expect(faults({ services: JSON.stringify([service(name, 4430, "/a")]) })).toEqual([
        expect.stringMatching(
          `^services.0.name = "${name}": a name of HAProxy's own; not allowed: `,
        ),
      ]);
    },
  );

  it("knows all sections that HAProxy has besides those of the services", () => {
    const template = path.join(root, "ansible/roles/entry/templates/haproxy.cfg.j2");
    const text = readFileSync(template, "utf8");
    const sections = [...text.matchAll(/^(?:frontend|backend|listen) (\w+)$/gm)].map((m) => m[1]);
    expect(sections).toContain("membership");
    // Some are there with it only.
    const slurm = JSON.stringify({ rest: { enabled: true } });
    for (const name of sections) {
      const services = JSON.stringify([service(name ?? "", 4430, "/a")]);
      expect([name, faults({ services, slurm })]).toEqual([
        name,
        [expect.stringMatching("a name of HAProxy's own")],
      ]);
    }
  });

  it.each([
    ["interface", "eth0'", /^interface = "eth0'": a name of Linux/],
    ["interface", "sixteen-letters-", /^interface = .*up to 15/],
    ["libvirtUri", "qemu:///system'; reboot", /^libvirtUri = .*: a libvirt URI/],
    ["slurm", '{"proctrack": "a\nb"}', /^slurm.proctrack = .*: names of Slurm's plugins/],
    [
      "slurm",
      '{"mail": {"host": "mail", "from": "a@b.kr", "user": "u", "password": "S3CRET", "tls": false}}',
      /^slurm.mail.tls = false: the password would be sent in the clear/,
    ],
    [
      "slurm",
      '{"mail": {"host": "a mail", "from": "a@b.kr"}}',
      /^slurm.mail.host = "a mail": a host/,
    ],
    [
      "slurm",
      '{"mail": {"host": "mail", "from": "a@b.kr", "domain": "b kr"}}',
      /^slurm.mail.domain = "b kr": a domain/,
    ],
    [
      "slurm",
      '{"mail": {"host": "mail", "from": "a@b.kr"}, "options": {"MailProg": "/bin/mail"}}',
      /^slurm.options.MailProg = "\/bin\/mail": slurm.mail says it/,
    ],
  ])("refuses %s = %s", (key, value, message) => {
    expect(faults({ [key]: value })).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    [
      { source: { path: "portal/nowhere" } },
      /^services.0.source.path = "portal\/nowhere": must be a readable directory \(ENOENT/,
    ],
    [{ source: { path: "package.json" } }, /^services.0.source.path = "package.json": .*\(ENOTDIR/],
    [{ port: 80 }, /^services.0.port = 80: at least 1024: what listens there is not root/],
  ])("refuses a service with %j", (change, message) => {
    const services = JSON.stringify([{ ...service("a", 4430, "/a"), ...change }]);
    expect(faults({ services })).toEqual([expect.stringMatching(message)]);
  });

  it("has one schema of the path of a health check, which the reconciler's request has too", () => {
    for (const healthPath of ["/a b", "/a'b", "a", "/ä"]) {
      const services = JSON.stringify([{ ...service("a", 4430, "/a"), healthPath }]);
      expect(faults({ services })).toEqual([
        expect.stringMatching(/^services.0.healthPath = .*: an absolute path of letters/),
      ]);
    }
  });

  it("lists every fault in one error", () => {
    expect(
      faults({ webReplicas: "11", driver: "docker", extra: "1", cidr: undefined }),
    ).toHaveLength(4);
  });
});

describe("plan", () => {
  it("places the machines of the reference site", () => {
    const { machines, vips } = plan(parseConfig({ ...valid, cidr: "192.168.1.0/24" }));
    expect(machines.controllers.map((m) => [m.name, m.address])).toEqual([
      ["slurm-m1", "192.168.1.10"],
      ["slurm-m2", "192.168.1.11"],
    ]);
    expect([vips.slurm, vips.web]).toEqual(["192.168.1.100", "192.168.1.101"]);
    expect(machines.web.map((m) => m.address)).toEqual(["192.168.1.21", "192.168.1.22"]);
    const count = Object.fromEntries(Object.entries(machines).map(([r, m]) => [r, m.length]));
    expect(count).toEqual({
      controllers: 2,
      compute: 2,
      login: 1,
      // Nobody watches unless it is asked for.
      monitor: 0,
      redis: 3,
      galera: 3,
      entry: 2,
      web: 2,
      share: 0,
    });
  });

  it("gives a machine the same address and MAC whatever the pool's size", () => {
    const two = plan(parseConfig(valid)).machines.web;
    const ten = plan(parseConfig({ ...valid, webReplicas: "10" })).machines.web;
    expect(ten.slice(0, 2)).toEqual(two);
    expect(new Set(ten.map((m) => m.mac)).size).toBe(10);
  });
});

describe("the sets whose size is fixed", () => {
  const sizes = (members: string | undefined) =>
    Object.entries(plan(parseConfig({ ...valid, ...(members && { members }) })).machines).map(
      ([tier, machines]) => [tier, machines.length],
    );

  it("are as large as it takes to lose a member", () => {
    expect(Object.fromEntries(sizes(undefined))).toMatchObject({
      redis: 3,
      galera: 3,
      entry: 2,
      login: 1,
    });
  });

  it("may be one machine each, for a site to try things on", () => {
    const members = { redis: 1, galera: 1, entry: 1, login: 0 };
    expect(Object.fromEntries(sizes(JSON.stringify(members)))).toMatchObject(members);
  });

  it.each([
    ["redis", 2],
    ["galera", 2],
    ["galera", 5],
    ["entry", 0],
    ["login", 2],
  ])("refuse %s: %d", (role, count) => {
    expect(faults({ members: JSON.stringify({ [role]: count }) })).toEqual([
      expect.stringMatching(`^members.${role} = ${count}: `),
    ]);
  });
});

const image = { file: "/images/vm.qcow2", sha512: "0".repeat(128) };
const hypervisors = {
  hv1: "qemu+ssh://root@198.18.1.2/system",
  hv2: "qemu+ssh://root@198.18.1.3/system",
};
const network = { bridge: "br0" };
/** A site of VMs; `vm` is the whole of its key. */
const onVms = (vm: unknown, change: Record<string, string> = {}) => ({
  ...valid,
  driver: "vm",
  vm: JSON.stringify(vm),
  ...change,
});

describe("a site of VMs", () => {
  /** Machine name -> hypervisor. */
  const placed = (vm: object, change = {}) =>
    Object.fromEntries(
      Object.values(plan(parseConfig(onVms({ image, network, ...vm }, change))).machines)
        .flat()
        .map((m) => [m.name, m.hypervisor]),
    );

  it("has the machine of the state share, with its data volume", () => {
    const [nfs, ...others] = plan(parseConfig(onVms({ image }))).machines.share;
    expect(others).toEqual([]);
    expect(nfs).toMatchObject({
      name: "nfs-srv",
      address: "198.18.1.12",
      vcpus: 4,
      memoryMiB: 16384,
      dataGiB: 100,
      hypervisor: "host",
    });
  });

  it.each([2, 3, 4])("loses as few members of a set as can be with one of %d hypervisors", (n) => {
    const names = Array.from({ length: n }, (_, i) => `hv${i + 1}`);
    const where = placed({
      hypervisors: Object.fromEntries(
        names.map((h, i) => [h, `qemu+ssh://root@198.18.1.${i + 2}/system`]),
      ),
    });
    const together = (prefix: string, hypervisor: string) =>
      Object.entries(where).filter(([m, h]) => m.startsWith(prefix) && h === hypervisor).length;
    for (const [prefix, members] of [
      ["slurm-m", 2],
      ["haproxy", 2],
      ["redis", 3],
      ["galera", 3],
      ["web", 2],
    ] as const) {
      for (const h of names) {
        expect(together(prefix, h)).toBeLessThanOrEqual(Math.ceil(members / n));
      }
    }
  });

  it("leaves machines where they are when the pool grows", () => {
    const two = placed({ hypervisors });
    expect(placed({ hypervisors }, { webReplicas: "10" })).toMatchObject(two);
  });

  it.each([
    [{ "slurm-m1": "hv1", "slurm-m2": "hv1" }, "controllers", "slurm-m1 and slurm-m2"],
    [{ haproxy1: "hv2", haproxy2: "hv2" }, "entry", "haproxy1 and haproxy2"],
    [{ redis1: "hv2", redis2: "hv2", redis3: "hv2" }, "redis", "redis1 and redis2 and redis3"],
  ])("refuses %o unless it is asked for in so many words", (placement, role, who) => {
    const vm = { image, network, hypervisors, placement };
    expect(faults(onVms(vm))).toEqual([
      expect.stringMatching(`vm.placement puts ${who} on hypervisor hv.*: \\[${role}\\]$`),
    ]);
    expect(faults(onVms({ ...vm, allowOnOneHypervisor: [role] }))).toEqual([]);
  });

  it("may have both controllers on the only hypervisor there is", () => {
    expect(faults(onVms({ image }))).toEqual([]);
  });

  it.each([
    [undefined, /^vm is missing: .*vm.image/],
    [{}, /^vm.image is missing: allowed is {url, sha512} or {file, sha512}/],
    [{ image: { file: "/x" } }, /^vm.image = .*sha512/],
    [{ image, network: { bridge: "br 0" } }, /^vm.network.bridge = "br 0"/],
    [
      { image, hypervisors, network: { bridge: "br0", libvirtNetwork: "lan" } },
      /not together with bridge/,
    ],
    [{ image, hypervisors }, /^vm.network: several hypervisors need a bridge/],
    [{ image, network, hypervisors: { a: "lxc:///system" } }, /^vm.hypervisors.a = "lxc/],
    [
      { image, network, hypervisors: { a: hypervisors.hv1, b: hypervisors.hv1 } },
      /^vm.hypervisors.b = .* already a; must be unique/,
    ],
    [
      { image, network, hypervisors: { hv1: hypervisors.hv1, hv2: "qemu+ssh://root@hv2/system" } },
      /^vm.fenceAddresses.hv2 is missing: .* at which slurm-m2 is switched off/,
    ],
    [
      { image, network, hypervisors: { ...hypervisors, hv2: "qemu+tls://198.18.1.3/system" } },
      /^vm.hypervisors.hv2 = "qemu\+tls:.*: what switches slurm-m2 off is set up by ssh/,
    ],
    [{ image, network }, /^vm.fenceAddresses.host is missing: .* at which slurm-m1 is/],
    [{ image, fenceAddresses: { hv9: "198.18.1.2" } }, /^vm.fenceAddresses.hv9: no such hyper/],
    [{ image, placement: { web99: "host" } }, /^vm.placement.web99: no such machine/],
    [{ image, placement: { web1: "hv9" } }, /^vm.placement.web1 = "hv9": no such hypervisor/],
    [{ image, network: { gateway: "198.18.1.12" } }, /already the address of the gateway/],
    [{ image, network: { gateway: "10.0.0.1" } }, /^vm.network.gateway = .* must be inside/],
  ])("refuses %j", (vm, message) => {
    const raw: Record<string, string | undefined> = onVms(vm ?? {});
    if (vm === undefined) raw["vm"] = undefined;
    expect(faults(raw)).toEqual([expect.stringMatching(message)]);
  });

  it("says where its controllers are fenced, and needs no address of a hypervisor without one", () => {
    const vm = { image, network, hypervisors, fenceAddresses: { hv2: "10.0.0.2" } };
    const site = parseConfig(
      onVms({ ...vm, hypervisors: { ...hypervisors, hv3: "qemu+ssh://hv3/system" } }),
    );
    expect(["hv1", "hv2"].map((name) => fenceAddressOf(site, name))).toEqual([
      "198.18.1.2",
      "10.0.0.2",
    ]);
    expect(() => fenceAddressOf(site, "hv3")).toThrow("no address of hypervisor hv3");
    expect(fenceAddressOf(parseConfig(onVms({ image })), "host")).toBe("198.18.1.1");
  });

  it("refuses the key `vm` with containers", () => {
    expect(faults({ vm: JSON.stringify({ image }) })).toEqual([
      'vm: allowed only with driver = "vm", not "container"',
    ]);
  });

  it("has room for 200 web nodes in a larger subnet", () => {
    const large = { cidr: "198.18.0.0/16", webReplicas: "200" };
    const web = { max: 200, firstAddress: "198.18.1.1" };
    const site = parseConfig(onVms({ image }, { ...large, web: JSON.stringify(web) }));
    expect(plan(site).machines.web.at(-1)).toMatchObject({ address: "198.18.1.200" });
    expect(faults(onVms({ image }, { ...large, web: '{"max": 200}' }))[0]).toMatch(
      /addresses.web80 = "198.18.0.100": already the address of the VIP slurmVip/,
    );
  });
});

describe("the config files", () => {
  it.each(["lab", "prod"])("of %s are valid", (stack) => {
    const text = readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8");
    const { config } = yaml.load(text) as { config: Record<string, unknown> };
    const raw = Object.entries(config).map(([key, value]) => [
      key.replace(/^hpc-ha:/, ""),
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const site = parseConfig(Object.fromEntries(raw) as Record<string, string>);
    expect(site.services.map((s) => s.port)).toEqual([
      4430, 4431, 5010, 5011, 5000, 5001, 5173, 5174,
    ]);
    expect(site.services.filter((s) => s.balance === "roundrobin").map((s) => s.name)).toEqual([
      "auth_portal",
    ]);
  });
});
