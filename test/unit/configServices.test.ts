import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { faults, service } from "../support/validConfig";

const root = path.join(__dirname, "..", "..");

describe("parseConfig, of services, files and ports", () => {
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
});
