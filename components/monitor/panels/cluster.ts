import { SLURMCTLD } from "../../controllers/units";
import { named, type Panel } from "./panel";

/** The site at a glance. @param web selector of the web services' proxies */
export const clusterPanels = (web: string): Panel[] => [
  {
    title: "Alerts",
    unit: "count",
    expr: 'count by (severity) (ALERTS{alertstate="firing", alertname!="Watchdog"}) or label_replace(vector(0), "severity", "none", "", "")',
    by: ["severity"],
    help: "What fires; none is good.",
  },
  {
    title: "Machines that answer",
    unit: "count",
    expr: 'sum by (tier) (up{job="node"})',
    by: ["tier"],
    help: "A step down is a machine that went, or a smaller web pool.",
  },
  {
    title: "VIPs",
    unit: "count",
    expr: "sum by (vip) (vip_held)",
    by: ["vip"],
    help: "How many machines hold each; one is right, but for the moment of a move.",
  },
  {
    title: "Answers to users",
    unit: "1/s",
    expr: `sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}}[5m]))`,
    by: ["proxy"],
    help: "By service, errors among them.",
  },
  {
    title: "Jobs",
    unit: "count",
    expr: named("slurm_jobs_", ["pending", "running"], "state"),
    by: ["state"],
    help: "In Slurm, now.",
  },
  {
    title: "Busiest processors",
    unit: "share",
    expr:
      '1 - min by (tier) (sum by (tier, instance) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[5m])) ' +
      "/ sum by (tier, instance) (rate(node_cpu_seconds_total[5m])))",
    by: ["tier"],
    help: "The busiest machine of each tier; compute nodes may be at 100 %.",
  },
];

/** Slurm by its own words. */
export const slurmPanels = (): Panel[] => [
  {
    title: "Jobs by state",
    unit: "count",
    expr: named("slurm_jobs_", ["pending", "running", "completing", "suspended"], "state"),
    by: ["state"],
    help: "What slurmctld has in memory.",
  },
  {
    title: "Nodes by state",
    unit: "count",
    expr: named(
      "slurm_nodes_",
      ["idle", "alloc", "mixed", "down", "drained", "draining", "fail"],
      "state",
    ),
    by: ["state"],
    help: "Each node once. Down, fail and drained are out of use.",
  },
  {
    title: "Longest wait",
    unit: "seconds",
    expr: "max by (partition) (slurm_ha_partition_jobs_wait_seconds_max)",
    by: ["partition"],
    help: "Of jobs that could run if there were room.",
  },
  {
    title: "Jobs ended",
    unit: "1/min",
    // A rate has no name any more that could be a label.
    expr: ["completed", "failed", "canceled"]
      .map(
        (how) =>
          `label_replace(sum(60 * rate(slurm_sdiag_jobs_${how}[5m])), "how", "${how}", "", "")`,
      )
      .join(" or "),
    by: ["how"],
    help: "By how they ended.",
  },
  {
    title: "Scheduler's last cycle",
    unit: "seconds",
    expr: `${named("slurm_", ["schedule_cycle_last", "bf_cycle_last"], "cycle")} / 1e6`,
    by: ["cycle"],
    help: "What is longer than some seconds makes commands wait.",
  },
  {
    title: "Waiting in slurmctld",
    unit: "count",
    expr: named("slurm_", ["agent_queue_size", "slurmdbd_queue_size"], "queue"),
    by: ["queue"],
    help: "Messages to nodes, and to the accounting while that is away.",
  },
  {
    title: "Where slurmctld runs",
    unit: "yes or no",
    expr: `max by (instance) (node_systemd_unit_state{name="${SLURMCTLD}.service", state="active"})`,
    by: ["instance"],
    help: "One of the controllers; a change is a takeover or a switchover.",
  },
  {
    title: "Age of the heartbeat",
    unit: "seconds",
    expr: "max(slurm_ha_heartbeat_age_seconds)",
    by: [],
    help: "Of who owns the state, on the state share. Above some seconds the other one takes over.",
  },
];
