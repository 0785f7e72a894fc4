import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseConfig, plan } from "../../components/house";
import { faults, valid } from "../support/validConfig";

const root = path.join(__dirname, "..", "..");

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

  it("lists every fault in one error", () => {
    expect(
      faults({ webReplicas: "11", driver: "docker", extra: "1", cidr: undefined }),
    ).toHaveLength(4);
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
