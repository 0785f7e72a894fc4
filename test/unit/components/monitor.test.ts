import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";
import { everybody, plan } from "../../../components/house";
import { Monitor } from "../../../components/monitor";
import { hypervisorRules } from "../../../components/monitor/rules/hypervisors";
import { Redis } from "../../../components/redis";
import { tiers } from "../../../components/tiers";
import { certificates } from "../../support/certificates";
import { CONFIGURATION, base, family, fleet } from "../../support/fleet";
import { registered, type Registration } from "../../support/mocked";
import { configOf, find, isSecret, runOf } from "../../support/referenceSite";
import { selectorsOf } from "../../support/promql";
import { parsed } from "../../support/site";

const site = parsed({
  ...configOf("prod"),
  members: { monitor: 2 },
  monitor: {
    retentionDays: 7,
    hypervisors: { hv1: "192.168.1.2:9100", hv2: "hv2.example.org:9101" },
    logs: { retentionDays: 14 },
    alerts: { webhook: "https://hooks.example.org/s3cret" },
  },
});
const { machines } = plan(site);
const watched = { ...fleet, nodeExporterPort: site.ports.nodeExporter };

const make = () =>
  registered(() => {
    const settings = {
      config: site.monitor,
      machines: everybody(site),
      users: {
        web: "192.168.1.101",
        data: "192.168.1.102",
        services: [
          { name: "hub", path: "/" },
          { name: "app", path: "/app/" },
        ],
      },
      ports: site.ports,
      rules: { services: ["hub", "app"], drainSeconds: 300, monitors: 2 },
    };
    return new Monitor("monitor", {
      fleet: watched,
      specs: machines.monitor,
      certificates,
      settings,
      logStore: "abc",
    });
  });
const filesOf = (made: Registration[]) => {
  const files = runOf(made, "monitor-config").vars["monitor_files"] as Record<string, string>;
  return (name: string) => Buffer.from(files[name] ?? "", "base64").toString();
};

describe("the monitor", () => {
  it("is its machines with a gate each, and one run, which has secrets", async () => {
    const made = await make();
    expect(family(made)).toEqual([
      `monitor > monitor-config ${CONFIGURATION}`,
      "monitor > monitor-monitor1 hpc-ha:machine:Machine",
      `monitor > monitor-monitor1-gate ${CONFIGURATION}`,
      "monitor > monitor-monitor2 hpc-ha:machine:Machine",
      `monitor > monitor-monitor2-gate ${CONFIGURATION}`,
      "monitor hpc-ha:monitor:Monitor",
    ]);
    expect(isSecret(find(made, "monitor-config").inputs["request"])).toBe(true);
  });

  it("is told ports, what is kept, and its files", async () => {
    const made = await make();
    expect(runOf(made, "monitor-config").vars).toEqual({
      ...base("monitor"),
      base_node_exporter: {
        port: 9100,
        vcpus: { monitor1: 2, monitor2: 2 },
        units: [
          ...["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"],
          ...["log-store", "log-entry"],
        ],
        writers: { logs: "/usr/local/sbin/log-metrics" },
      },
      monitor_files: expect.any(Object) as object,
      monitor_prometheus_port: 9090,
      monitor_alertmanager_port: 9093,
      monitor_peer_port: 9094,
      monitor_blackbox_port: 9115,
      monitor_step_seconds: 15,
      monitor_retention_days: 7,
      monitor_retention_gib: 8,
      log_store_program: "abc",
      log_store_port: 9428,
      log_store_entry_port: 19532,
      log_store_retention_days: 14,
      log_store_retention_gib: 5,
      log_store_least_free_bytes: 1073741824,
      log_store_ca: "the CA",
      log_store_certificates: { monitor1: "the key of monitor1", monitor2: "the key of monitor2" },
    });
  });

  it("asks all machines, the pool at its largest: another size is no other file", async () => {
    const file = filesOf(await make());
    const asked = (job: string) =>
      (JSON.parse(file(`targets/${job}.json`)) as { targets: string[]; labels: object }[]).map(
        ({ targets, labels }) => [...targets, labels],
      );
    const node = asked("node");
    expect(node).toHaveLength(everybody(site).length);
    expect(node).toContainEqual(["192.168.1.30:9100", { instance: "web10", tier: "web" }]);
    expect(asked("haproxy")).toEqual([
      ["192.168.1.151:8404", { instance: "haproxy1", tier: "entry" }],
      ["192.168.1.152:8404", { instance: "haproxy2", tier: "entry" }],
    ]);
    expect(everybody({ ...site, webReplicas: 7 })).toEqual(everybody(site));
  });

  it("asks exporters of the data tier, of Redis and Sentinel the same", async () => {
    const file = filesOf(await make());
    const asked = (job: string) => JSON.parse(file(`targets/${job}.json`)) as unknown[];
    expect(asked("mariadb")).toHaveLength(3);
    expect(asked("mariadb")[0]).toEqual({
      targets: ["192.168.1.141:9104"],
      labels: { instance: "galera1", tier: "galera" },
    });
    const redis = (port: number) => ({
      targets: ["192.168.1.131:9121"],
      labels: {
        instance: "redis1",
        tier: "redis",
        __param_target: `rediss://192.168.1.131:${port}`,
      },
    });
    expect(asked("redis")[0]).toEqual(redis(6379));
    expect(asked("sentinel")[0]).toEqual(redis(26379));
  });

  it("asks each service as its users do, and each HAProxy node by itself", async () => {
    const file = filesOf(await make());
    const asked = JSON.parse(file("targets/https.json")) as {
      targets: string[];
      labels: Record<string, string>;
    }[];
    // Of what runs beside it.
    expect(new Set(asked.flatMap(({ targets }) => targets))).toEqual(new Set(["127.0.0.1:9115"]));
    expect(
      asked.map(({ labels: l }) => [l["instance"], l["__param_target"], l["service"]]),
    ).toEqual([
      ["haproxy1", "https://192.168.1.151:443/", undefined],
      ["haproxy2", "https://192.168.1.152:443/", undefined],
      ["the web VIP", "https://192.168.1.101:443/", "hub"],
      ["the web VIP", "https://192.168.1.101:443/app/", "app"],
    ]);
    expect(yaml.load(file("blackbox.yml"))).toMatchObject({
      modules: { https: { prober: "http", http: { follow_redirects: false } } },
    });
  });

  it("asks whether Redis is at the data VIP, by TLS and without a password", async () => {
    const file = filesOf(await make());
    expect(JSON.parse(file("targets/sessions.json"))).toEqual([
      {
        targets: ["127.0.0.1:9115"],
        labels: {
          instance: "the data VIP",
          tier: "entry",
          __param_target: "192.168.1.102:6379",
        },
      },
    ]);
    expect(yaml.load(file("blackbox.yml"))).toMatchObject({
      modules: {
        sessions: {
          prober: "tcp",
          tcp: { tls: true, query_response: [{ send: "QUIT" }, { expect: "^\\+OK" }] },
        },
      },
    });
  });

  it("asks the owner's hypervisors, and keeps their numbers apart from those of the site's machines", async () => {
    const file = filesOf(await make());
    expect(JSON.parse(file("targets/hypervisor.json"))).toEqual([
      { targets: ["192.168.1.2:9100"], labels: { instance: "hv1", tier: "hypervisor" } },
      { targets: ["hv2.example.org:9101"], labels: { instance: "hv2", tier: "hypervisor" } },
    ]);
    const { scrape_configs: jobs } = yaml.load(file("prometheus.yml")) as {
      scrape_configs: {
        job_name: string;
        metric_relabel_configs?: { regex: string; replacement?: string; action?: string }[];
      }[];
    };
    const [named, kept] =
      jobs.find((j) => j.job_name === "hypervisor")?.metric_relabel_configs ?? [];
    const asked = (metric: string) =>
      metric.replace(new RegExp(`^(?:${named?.regex})$`), named?.replacement ?? "");
    const all = ["node_memory_MemAvailable_bytes", "node_systemd_unit_state", "go_goroutines"];
    expect(
      all.map(asked).filter((metric) => new RegExp(`^(?:${kept?.regex})$`).test(metric)),
    ).toEqual(["hypervisor_memory_MemAvailable_bytes"]);
    expect(kept?.action).toBe("keep");
    // What their rules read is among it.
    const read = hypervisorRules().flatMap(({ expr }) => selectorsOf(expr));
    const names = read.map((selector) => selector.replace(/\{.*/, ""));
    const own = names.filter((name) => name.startsWith("hypervisor_"));
    expect(own.length).toBeGreaterThan(3);
    expect(own.map((name) => asked(name.replace("hypervisor_", "node_")))).toEqual(own);
  });

  it("does not take HAProxy's empty slots for servers that are down", async () => {
    const { scrape_configs: jobs } = yaml.load(filesOf(await make())("prometheus.yml")) as {
      scrape_configs: { job_name: string; params?: object }[];
    };
    expect(jobs.find((j) => j.job_name === "haproxy")?.params).toEqual({ "no-maint": [""] });
  });

  it("tells the receiver everything but that it lives, and a dead machine once", async () => {
    const config = yaml.load(filesOf(await make())("alertmanager.yml"));
    expect(config).toMatchObject({
      route: {
        receiver: "site",
        routes: [{ receiver: "nobody", matchers: ['alertname="Watchdog"'] }],
      },
      inhibit_rules: [{ source_matchers: ['alertname="MachineDown"'], equal: ["instance"] }],
      receivers: [
        { name: "nobody" },
        { name: "site", slack_configs: [{ api_url: "https://hooks.example.org/s3cret" }] },
      ],
    });
  });

  it("has every tier send what it logs, and the controllers what they write to a file", async () => {
    const logs = pulumi.output({
      stores: machines.monitor,
      port: 19532,
      certificate: "the key of the writer",
    });
    const redis = await registered(() => {
      const common = { specs: machines.redis, certificates, ports: site.ports, patience: 1 };
      return new Redis("redis", { fleet: { ...fleet, logs }, ...common });
    });
    expect(runOf(redis, "redis-config").vars["base_logs"]).toEqual({
      stores: { monitor1: "192.168.1.195", monitor2: "192.168.1.196" },
      port: 19532,
      certificate: "the key of the writer",
      files: {},
    });
    expect(tiers.controllers.logFiles).toEqual({
      slurmctld: "/mnt/slurm/logs/slurmctld.log",
    });
  });

  it("has every tier tell how its machines are, and none where there is no monitor", async () => {
    const redis = (at: typeof fleet) =>
      registered(() => {
        const specs = machines.redis;
        return new Redis("redis", {
          fleet: at,
          specs,
          certificates,
          ports: site.ports,
          patience: 1,
        });
      });
    const told = async (at: typeof fleet) => {
      const { vars } = runOf(await redis(at), "redis-config");
      return [vars["base_node_exporter"], vars["base_exporters"], vars["redis_users"]];
    };
    const users = {
      admin: "secret-redis-admin-password",
      replica: "secret-redis-replica-password",
      sentinel: "secret-redis-sentinel-password",
    };
    expect(await told(fleet)).toEqual([{}, undefined, users]);
    expect(await told(watched)).toEqual([
      {
        port: 9100,
        vcpus: { redis1: 2, redis2: 2, redis3: 2 },
        units: ["redis-server", "redis-sentinel"],
        writers: {},
      },
      { redis: 9121 },
      { ...users, monitor: "secret-redis-monitor-password" },
    ]);
  });
});
