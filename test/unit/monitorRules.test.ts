/** Every rule of the monitor by Prometheus' own checker: what it fires for, and what it must not fire for. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, describe, expect, it } from "vitest";
import { ruleGroups, rulesFile } from "../../components/monitor/rules";
import {
  always,
  type Case,
  DATA_CASES,
  HYPERVISOR_CASES,
  type Series,
  unit,
  up,
} from "../support/ruleCases";

const ground = { services: ["hub", "app"], drainSeconds: 300, monitors: 2, hypervisors: true };
const rules = Object.values(ruleGroups(ground)).flat();

const server = (instance: string, slot: number, state: string, proxy = "hub") =>
  `haproxy_server_status{instance="${instance}", proxy="${proxy}", server="slot${slot}", state="${state}"}`;
const disk = (what: string, mountpoint = "/") =>
  `node_filesystem_${what}{instance="a", mountpoint="${mountpoint}"}`;
const vip = (instance: string) => `vip_held{instance="${instance}", vip="web"}`;
const GIB = 2 ** 30;
/** What the store on a machine of the monitor has heard, and when: "0+60x600" is until now. */
const heard = (store: string, machine: string) =>
  `log_heard_seconds{instance="${store}", machine="${machine}"}`;
const store = (what: string, instance: string) => `log_store_${what}{instance="${instance}"}`;
const sent = (what: string) => `log_upload_${what}_seconds{instance="a", store="m1"}`;
const NOW = "0+60x600";

const CASES: Record<string, Case> = {
  ...DATA_CASES,
  ...HYPERVISOR_CASES,
  MachineDown: {
    fires: { [up('job="node", tier="redis"')]: always(0) },
    // A web node that the plan has and the pool has not.
    quiet: {
      [up('job="node", tier="web"')]: always(0),
      'up{instance="b", job="node", tier="redis"}': always(1),
    },
  },
  ExporterDown: {
    fires: { [up('job="haproxy"')]: always(0), [up('job="node"')]: always(1) },
    // The machine is down, or what asks the entry: those are other alerts.
    quiet: {
      [up('job="haproxy"')]: always(0),
      [up('job="node"')]: always(0),
      'up{instance="b", job="https"}': always(0),
      'up{instance="b", job="node"}': always(1),
    },
  },
  UnitFailed: {
    fires: { [unit("redis-server", "failed")]: always(1) },
    quiet: { [unit("redis-server", "failed")]: always(0) },
  },
  UnitNotRunning: {
    fires: { [unit("redis-server", "active")]: always(0) },
    // It runs on one controller only.
    quiet: {
      [unit("redis-server", "active")]: always(1),
      [unit("slurmctld", "active")]: always(0),
    },
  },
  DiskFull: {
    fires: { [disk("avail_bytes")]: always(4 * GIB), [disk("size_bytes")]: always(100 * GIB) },
    quiet: { [disk("avail_bytes")]: always(6 * GIB), [disk("size_bytes")]: always(100 * GIB) },
  },
  DiskFillsUp: {
    fires: { [disk("avail_bytes")]: "24-0.02x600", [disk("size_bytes")]: always(100) },
    // As fast, but there is much left.
    quiet: { [disk("avail_bytes")]: "90-0.02x600", [disk("size_bytes")]: always(100) },
    at: 150,
  },
  InodesFull: {
    fires: { [disk("files_free")]: always(4), [disk("files")]: always(100) },
    // A file system without a fixed number of them.
    quiet: { [disk("files_free")]: always(0), [disk("files")]: always(0) },
  },
  DiskReadOnly: {
    fires: { [disk("readonly")]: always(1) },
    quiet: { [disk("readonly", "/usr/lib/modules")]: always(1), [disk("readonly")]: always(0) },
  },
  MemoryLow: {
    fires: {
      'node_memory_MemAvailable_bytes{instance="a"}': always(4),
      'node_memory_MemTotal_bytes{instance="a"}': always(100),
    },
    quiet: {
      'node_memory_MemAvailable_bytes{instance="a"}': always(10),
      'node_memory_MemTotal_bytes{instance="a"}': always(100),
    },
  },
  CpuBusy: {
    fires: {
      'node_cpu_seconds_total{instance="a", tier="web", mode="user"}': "0+59x600",
      'node_cpu_seconds_total{instance="a", tier="web", mode="idle"}': "0+1x600",
    },
    quiet: {
      'node_cpu_seconds_total{instance="a", tier="compute", mode="user"}': "0+60x600",
      'node_cpu_seconds_total{instance="a", tier="compute", mode="idle"}': always(0),
    },
    at: 60,
  },
  ClockWrong: {
    fires: { 'node_time_seconds{instance="a"}': "10+60x600" },
    quiet: { 'node_time_seconds{instance="a"}': "2+60x600" },
  },
  MetricsStale: {
    fires: { 'node_textfile_mtime_seconds{instance="a", file="x.prom"}': always(0) },
    quiet: { 'node_textfile_mtime_seconds{instance="a", file="x.prom"}': "0+60x600" },
  },
  MetricsUnreadable: {
    fires: { 'node_textfile_scrape_error{instance="a"}': always(1) },
    quiet: { 'node_textfile_scrape_error{instance="a"}': always(0) },
  },
  LogsSilent: {
    // One of the stores hears nothing any more.
    fires: {
      [up('job="node"')]: always(1),
      [store("up", "m1")]: always(1),
      [store("up", "m2")]: always(1),
      [heard("m1", "a")]: NOW,
      [heard("m2", "a")]: always(60),
    },
    // The other store is down; another machine is, and was heard; a web node that is not there never was.
    quiet: {
      [up('job="node"')]: always(1),
      'up{instance="b", job="node"}': always(0),
      'up{instance="web9", job="node"}': always(0),
      [store("up", "m1")]: always(1),
      [store("up", "m2")]: always(0),
      [heard("m1", "a")]: NOW,
      [heard("m1", "b")]: always(0),
    },
  },
  LogsStuck: {
    fires: { [sent("behind")]: always(1300), [store("up", "m1")]: always(1) },
    // It waits for its store.
    quiet: {
      [sent("behind")]: always(1300),
      [store("up", "m1")]: always(0),
      [store("up", "m2")]: always(1),
    },
  },
  LogsLeftOut: {
    fires: { [sent("skipped")]: always(600) },
    // Never; and long ago.
    quiet: { [sent("skipped")]: always(0) },
    at: 65,
  },
  LogStoreDown: {
    fires: { [store("up", "m1")]: always(0) },
    quiet: { [store("up", "m1")]: always(1) },
  },
  LogStoreFull: {
    fires: { [store("read_only", "m1")]: always(1) },
    quiet: { [store("read_only", "m1")]: always(0) },
  },
  LogStoreFillsUp: {
    fires: {
      [store("free_bytes", "m1")]: always(1.5 * GIB),
      [store("read_only", "m1")]: always(0),
    },
    // It is full: that is another alert. There is room.
    quiet: {
      [store("free_bytes", "m1")]: always(0.5 * GIB),
      [store("read_only", "m1")]: always(1),
      [store("free_bytes", "m2")]: always(3 * GIB),
      [store("read_only", "m2")]: always(0),
    },
  },
  SlurmctldAbsent: {
    // systemd has forgotten the unit on one of them.
    fires: {
      [unit("slurmctld", "active")]: always(0),
      [up('job="node", tier="controllers"')]: always(1),
    },
    quiet: {
      [unit("slurmctld", "active")]: always(0),
      [unit("slurmctld", "active", "b")]: always(1),
      [up('job="node", tier="controllers"')]: always(1),
    },
  },
  SlurmctldTwice: {
    fires: {
      [unit("slurmctld", "active")]: always(1),
      [unit("slurmctld", "active", "b")]: always(1),
    },
    quiet: {
      [unit("slurmctld", "active")]: always(0),
      [unit("slurmctld", "active", "b")]: always(1),
    },
  },
  ServiceDown: {
    fires: { 'haproxy_backend_active_servers{instance="a", proxy="hub"}': always(0) },
    // What is no web service has none.
    quiet: {
      'haproxy_backend_active_servers{instance="a", proxy="hub"}': always(1),
      'haproxy_backend_active_servers{instance="a", proxy="handover"}': always(0),
    },
  },
  WebServerDown: {
    fires: { [server("a", 1, "DOWN")]: always(1) },
    quiet: { [server("a", 1, "DOWN")]: always(0), [server("a", 2, "MAINT")]: always(1) },
  },
  DataEntryDown: {
    fires: {
      'haproxy_backend_active_servers{instance="a", proxy="galera"}': always(0),
      'haproxy_backend_backup_servers{instance="a", proxy="galera"}': always(0),
    },
    // Its preferred writer is down.
    quiet: {
      'haproxy_backend_active_servers{instance="a", proxy="galera"}': always(0),
      'haproxy_backend_backup_servers{instance="a", proxy="galera"}': always(2),
    },
  },
  GaleraServerDown: {
    fires: { [server("a", 1, "DOWN", "galera")]: always(1) },
    // To HAProxy's check all Redis but the master are down.
    quiet: { [server("a", 1, "DOWN", "redis")]: always(1) },
  },
  RotationDiffers: {
    fires: {
      [server("a", 1, "UP")]: always(1),
      [server("a", 2, "UP")]: always(1),
      [server("b", 1, "UP")]: always(1),
    },
    quiet: { [server("a", 1, "UP")]: always(1), [server("b", 2, "UP")]: always(1) },
  },
  WebNodeNotWatched: {
    fires: {
      [server("a", 1, "UP")]: always(1),
      'up{instance="web1", job="node", tier="web"}': always(0),
    },
    quiet: {
      [server("a", 1, "UP")]: always(1),
      'up{instance="web1", job="node", tier="web"}': always(1),
      'up{instance="web2", job="node", tier="web"}': always(0),
    },
  },
  DrainStuck: {
    fires: { [server("a", 1, "DRAIN")]: always(1) },
    // A drain of five minutes.
    quiet: { [server("a", 1, "DRAIN")]: "0x13 1x600" },
    at: 18,
  },
  ServiceErrors: {
    fires: {
      'haproxy_backend_http_responses_total{proxy="hub", code="5xx"}': "0+6x600",
      'haproxy_backend_http_responses_total{proxy="hub", code="2xx"}': "0+94x600",
      'haproxy_backend_active_servers{instance="a", proxy="hub"}': always(2),
    },
    // It was down for 4 minutes, which are over, and is still counted.
    quiet: {
      'haproxy_backend_http_responses_total{proxy="app", code="5xx"}': "0x12 0+60x4 240x600",
      'haproxy_backend_http_responses_total{proxy="app", code="2xx"}': "0+60x12 720x4 720+60x600",
      'haproxy_backend_active_servers{instance="a", proxy="app"}': "2x12 0x4 2x600",
      'haproxy_backend_http_responses_total{proxy="hub", code="5xx"}': always(1000),
      'haproxy_backend_http_responses_total{proxy="hub", code="2xx"}': "0+94x600",
    },
  },
  ServiceQueue: {
    fires: { 'haproxy_backend_current_queue{proxy="hub"}': always(21) },
    quiet: { 'haproxy_backend_current_queue{proxy="hub"}': always(20) },
  },
  ServiceSlow: {
    fires: { 'haproxy_backend_response_time_average_seconds{proxy="hub"}': always(4) },
    quiet: { 'haproxy_backend_response_time_average_seconds{proxy="hub"}': always(0.2) },
  },
  ConnectionsNearLimit: {
    fires: {
      'haproxy_process_current_connections{instance="a"}': always(81),
      'haproxy_process_max_connections{instance="a"}': always(100),
    },
    quiet: {
      'haproxy_process_current_connections{instance="a"}': always(80),
      'haproxy_process_max_connections{instance="a"}': always(100),
    },
  },
  HealthCheckFlaps: {
    fires: { 'haproxy_server_check_up_down_total{proxy="hub", server="slot1"}': "0+1x600" },
    // A reload, after which it counts from 0 again.
    quiet: { 'haproxy_server_check_up_down_total{proxy="hub", server="slot1"}': "30x10 2x600" },
  },
  SlurmVipWithoutSlurmctld: {
    fires: {
      'slurm_ha_vip_here{instance="a"}': always(1),
      'slurm_ha_slurmctld_here{instance="a"}': always(0),
    },
    // It runs where the VIP is.
    quiet: {
      'slurm_ha_vip_here{instance="a"}': always(1),
      'slurm_ha_slurmctld_here{instance="a"}': always(1),
      'slurm_ha_vip_here{instance="b"}': always(0),
      'slurm_ha_slurmctld_here{instance="b"}': always(0),
    },
  },
  SlurmctldSilent: {
    fires: { 'slurm_ha_answers{instance="a"}': always(0) },
    quiet: { 'slurm_ha_answers{instance="a"}': always(1) },
  },
  SlurmSuspect: {
    fires: { 'slurm_ha_suspects{instance="a"}': always(1) },
    quiet: { 'slurm_ha_suspects{instance="a"}': always(0) },
  },
  SlurmTakeovers: {
    fires: { 'slurm_ha_epoch{instance="a"}': "1+1x600" },
    quiet: { 'slurm_ha_epoch{instance="a"}': "1x10 2x600" },
  },
  SlurmdbdQueueGrows: {
    fires: { 'slurm_slurmdbd_queue_size{instance="a"}': always(1001) },
    quiet: { 'slurm_slurmdbd_queue_size{instance="a"}': always(1000) },
  },
  SlurmNodesNotResponding: {
    fires: { 'slurm_nodes_noresp{instance="a"}': always(1) },
    quiet: { 'slurm_nodes_noresp{instance="a"}': always(0) },
  },
  SlurmNodesDown: {
    fires: {
      'slurm_nodes_down{instance="a"}': always(0),
      'slurm_nodes_fail{instance="a"}': always(1),
    },
    quiet: {
      'slurm_nodes_down{instance="a"}': always(0),
      'slurm_nodes_fail{instance="a"}': always(0),
    },
  },
  SlurmNodesDrainLong: {
    fires: { 'slurm_nodes_draining{instance="a"}': "1x2000" },
    quiet: { 'slurm_nodes_draining{instance="a"}': "1x1000 0x1000" },
    at: 1500,
  },
  SlurmNodesUnknown: {
    fires: { 'slurm_nodes_unknown{instance="a"}': always(1) },
    quiet: { 'slurm_nodes_unknown{instance="a"}': always(0) },
  },
  SlurmSchedulerSlow: {
    fires: { 'slurm_schedule_cycle_last{instance="a"}': always(6000000) },
    quiet: { 'slurm_schedule_cycle_last{instance="a"}': always(4000000) },
  },
  SlurmAgentQueueGrows: {
    fires: { 'slurm_agent_queue_size{instance="a"}': always(51) },
    quiet: { 'slurm_agent_queue_size{instance="a"}': always(50) },
  },
  SlurmJobsWaitLong: {
    fires: { 'slurm_ha_partition_jobs_wait_seconds_max{partition="main"}': always(90000) },
    quiet: { 'slurm_ha_partition_jobs_wait_seconds_max{partition="main"}': always(80000) },
  },
  VipNobody: {
    fires: { [vip("a")]: always(0), [vip("b")]: always(0) },
    quiet: { [vip("a")]: always(0), [vip("b")]: always(1) },
  },
  VipTwice: {
    fires: { [vip("a")]: always(1), [vip("b")]: always(1) },
    quiet: { [vip("a")]: always(0), [vip("b")]: always(1) },
  },
  VipFlaps: {
    fires: { [vip("a")]: "0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1" },
    // A failover, and back.
    quiet: { [vip("a")]: "1x10 0x5 1x600" },
  },
  Watchdog: { fires: {}, quiet: {} },
  PrometheusDown: {
    fires: { [up('job="prometheus"')]: always(0) },
    quiet: { [up('job="prometheus"')]: always(1) },
  },
  AlertmanagerDown: {
    fires: { [up('job="alertmanager"')]: always(0) },
    quiet: { [up('job="alertmanager"')]: always(1) },
  },
  AlertsNotSent: {
    fires: { 'alertmanager_notifications_failed_total{integration="email"}': "0+1x600" },
    quiet: { 'alertmanager_notifications_failed_total{integration="email"}': always(7) },
  },
  AlertsDropped: {
    fires: { 'prometheus_notifications_dropped_total{instance="a"}': "0+1x600" },
    quiet: { 'prometheus_notifications_dropped_total{instance="a"}': always(7) },
  },
  RulesFail: {
    fires: { 'prometheus_rule_evaluation_failures_total{rule_group="x"}': "0+1x600" },
    quiet: { 'prometheus_rule_evaluation_failures_total{rule_group="x"}': always(7) },
  },
  MetricsKeptShorter: {
    fires: { 'prometheus_tsdb_size_retentions_total{instance="a"}': "0x10 1x600" },
    quiet: { 'prometheus_tsdb_size_retentions_total{instance="a"}': always(0) },
  },
  AlertmanagersApart: {
    fires: { 'alertmanager_cluster_members{instance="a"}': always(1) },
    quiet: { 'alertmanager_cluster_members{instance="a"}': always(2) },
  },
};

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-rules-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file with one rule: what is not tried is not computed. */
function ruleFile(alert: string): string {
  const { groups } = yaml.load(rulesFile(ground)) as {
    groups: { name: string; rules: { alert: string }[] }[];
  };
  const group = groups.find((g) => g.rules.some((r) => r.alert === alert));
  const only = { name: group?.name, rules: group?.rules.filter((r) => r.alert === alert) };
  writeFileSync(path.join(directory, `rule-${alert}.yml`), yaml.dump({ groups: [only] }));
  return `rule-${alert}.yml`;
}

/** One test of promtool's: how many series of an alert fire then. */
const check = (alert: string, series: Series, firing: number, at = 20, interval = "1m") => ({
  rule_files: [ruleFile(alert)],
  evaluation_interval: interval,
  tests: [
    {
      interval,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`,
          eval_time: `${at}m`,
          exp_samples: [{ labels: "{}", value: firing }],
        },
      ],
    },
  ],
});

/** What promtool does not find as it is said; nothing when all is. */
async function wrong(tests: object[]): Promise<string> {
  const files = tests.map((test, i) => {
    writeFileSync(path.join(directory, `test-${i}.yml`), yaml.dump(test));
    return `test-${i}.yml`;
  });
  const options = { cwd: directory, all: true, reject: false } as const;
  const { all, failed } = await execa("promtool", ["test", "rules", ...files], options);
  return failed ? (all ?? "no answer") : "";
}

describe("rules of the monitor", () => {
  it("have a case each, and no case is of none", () => {
    expect(Object.keys(CASES).sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  it("say whom it concerns, what it means, and a command", () => {
    for (const { alert, summary, meaning, next } of rules) {
      expect([alert, summary, meaning, next]).toEqual([
        expect.stringMatching(/^[A-Z][A-Za-z]+$/),
        expect.stringMatching(/^\S.*\.$/),
        expect.stringMatching(/^\S.*\.$/),
        expect.stringMatching(/^(npx hpc|pulumi) /),
      ]);
    }
  });

  it("fire for what they are there for, each once", async () => {
    const tests = Object.entries(CASES).map(([alert, { fires, at }]) => check(alert, fires, 1, at));
    expect(await wrong(tests)).toBe("");
  });

  it("do not fire for what looks like it", async () => {
    const tests = Object.entries(CASES)
      .filter(([alert]) => alert !== "Watchdog")
      .map(([alert, { quiet, at }]) => check(alert, quiet, 0, at));
    expect(await wrong(tests)).toBe("");
  });

  it("page nobody for a takeover, a switchover of HAProxy, or one look that found nobody", async () => {
    // Looks are 15 s apart.
    const once = (rest: number, then: number) => `${rest}x10 ${then} ${then} ${rest}x100`;
    const tests = [
      check(
        "SlurmctldAbsent",
        {
          [unit("slurmctld", "active")]: once(1, 0),
          [up('job="node", tier="controllers"')]: always(1),
        },
        0,
        3,
        "15s",
      ),
      check(
        "ServiceDown",
        { 'haproxy_backend_active_servers{proxy="hub"}': once(2, 0) },
        0,
        3,
        "15s",
      ),
      check("MachineDown", { [up('job="node", tier="redis"')]: once(1, 0) }, 0, 3, "15s"),
    ];
    expect(await wrong(tests)).toBe("");
  });
});
