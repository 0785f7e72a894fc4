import type { Panel } from "./panel";

/** All machines by what the kernel says. */
export const hostPanels = (): Panel[] => [
  {
    title: "Processors",
    unit: "share",
    expr:
      '1 - sum by (instance) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[5m])) ' +
      "/ sum by (instance) (rate(node_cpu_seconds_total[5m]))",
    by: ["instance"],
    help: "Busy share of each machine's own.",
  },
  {
    title: "Memory",
    unit: "share",
    expr: "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    by: ["instance"],
    help: "In use, caches not counted.",
  },
  {
    title: "File systems",
    unit: "share",
    expr: "max by (instance, mountpoint) (1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)",
    by: ["instance", "mountpoint"],
    help: "How full each is; none of the network's.",
  },
  {
    title: "Load",
    unit: "count",
    expr: "node_load1",
    by: ["instance"],
    help: "Programs that run or wait for the disk; compare it with the number of processors.",
  },
  {
    title: "Clocks",
    unit: "seconds",
    expr: "node_time_seconds - timestamp(node_time_seconds)",
    by: ["instance"],
    help: "Against the monitor's; minutes are too much for munge.",
  },
  {
    title: "Units that have failed",
    unit: "count",
    expr: 'sum by (instance) (node_systemd_unit_state{state="failed"})',
    by: ["instance"],
    help: "Of those that its tier needs; none is good.",
  },
];
