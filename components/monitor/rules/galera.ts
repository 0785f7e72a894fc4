import { MARIADB } from "../../galera/units";
import { type AlertRule, DOCTOR, runs, STATUS } from "./rule";

const node = (name: string) => `mysql_global_status_wsrep_${name}`;
/** Where it begins to hold up the writes of all, for one node (Galera's gcs.fc_limit). */
const QUEUE = 16;
/** A node that was away for so long should not need everything again, s. */
const AWAY = 3600;

/** MariaDB by its own numbers. */
export const galeraRules = (): AlertRule[] => [
  {
    alert: "GaleraNotPrimary",
    expr: `${node("cluster_status")} == 0`,
    for: "1m",
    severity: "warning",
    summary: "MariaDB on {{ $labels.instance }} is not with the majority.",
    meaning: "It takes no clients until it hears the others again. Those serve on.",
    next: DOCTOR,
  },
  {
    alert: "GaleraSmall",
    expr: `max(${node("cluster_size")}) < count(up{job="mariadb"})`,
    for: "2m",
    severity: "warning",
    summary: "The Galera cluster has {{ $value }} nodes, fewer than it should.",
    meaning: "It serves. When it is down to one that loses the others at once, nobody does.",
    next: DOCTOR,
  },
  {
    alert: "GaleraNotSynced",
    expr: `${node("local_state")} != 4 and ${node("local_state")} != 2`,
    for: "5m",
    severity: "warning",
    summary: "MariaDB on {{ $labels.instance }} is not synced.",
    meaning: "It takes no clients: it has not yet what the others have.",
    next: DOCTOR,
  },
  {
    alert: "GaleraDonorLong",
    expr: `${node("local_state")} == 2`,
    for: "15m",
    severity: "warning",
    summary: "MariaDB on {{ $labels.instance }} has been giving another node a copy for long.",
    meaning: "It takes no clients meanwhile. Either the database is large, or the copy hangs.",
    next: DOCTOR,
  },
  {
    alert: "GaleraFlowControl",
    expr: `rate(${node("flow_control_paused_ns")}[5m]) / 1e9 > 0.1`,
    for: "5m",
    severity: "warning",
    summary:
      "Writes to MariaDB stand still for {{ $value | humanizePercentage }} of the time, as {{ $labels.instance }} sees it.",
    meaning: "The slowest node holds up all: its disk, or its processors.",
    next: DOCTOR,
  },
  {
    alert: "GaleraQueue",
    expr: `avg_over_time(${node("local_recv_queue")}[5m]) > ${QUEUE}`,
    for: "5m",
    severity: "warning",
    summary: "MariaDB on {{ $labels.instance }} does not keep up: {{ $value }} changes wait there.",
    meaning: "It is what holds up the writes of all.",
    next: DOCTOR,
  },
  {
    alert: "GaleraConflicts",
    expr: `increase(${node("local_cert_failures")}[15m]) > 10`,
    for: "0s",
    severity: "info",
    summary:
      "{{ $value }} transactions on {{ $labels.instance }} were given up for another node's.",
    meaning: "Somebody writes to two nodes at once, past the data VIP.",
    next: STATUS,
  },
  {
    alert: "GaleraCacheShort",
    expr: `mysql_galera_gcache_size_bytes / (rate(${node("replicated_bytes")}[1h]) + rate(${node("received_bytes")}[1h])) < ${AWAY}`,
    for: "30m",
    severity: "info",
    summary:
      "{{ $labels.instance }} remembers the last {{ $value | humanizeDuration }} of changes.",
    meaning: "A node that is away for longer needs a copy of everything, and another gives it.",
    next: STATUS,
  },
  {
    alert: "MariadbSilent",
    expr: `mysql_up == 0 and ${runs(MARIADB)}`,
    for: "1m",
    severity: "warning",
    summary: "MariaDB on {{ $labels.instance }} runs and takes no connection.",
    meaning: "It has not started yet, hangs, or has as many connections as it takes.",
    next: DOCTOR,
  },
  {
    alert: "MariadbConnections",
    expr: "mysql_global_status_threads_connected / mysql_global_variables_max_connections > 0.8",
    for: "2m",
    severity: "warning",
    summary:
      "{{ $value | humanizePercentage }} of the connections of MariaDB on {{ $labels.instance }} are taken.",
    meaning: "What is more is refused. web.max and the number of services set the limit.",
    next: STATUS,
  },
  {
    alert: "MariadbRefuses",
    expr: 'increase(mysql_global_status_connection_errors_total{error="max_connections"}[10m]) > 0',
    for: "0s",
    severity: "critical",
    summary: "MariaDB on {{ $labels.instance }} has refused {{ $value }} connections.",
    meaning: "It had as many as it takes: services get errors.",
    next: STATUS,
  },
  {
    alert: "MariadbSlow",
    expr: "increase(mysql_global_status_slow_queries[10m]) > 10",
    for: "5m",
    severity: "info",
    summary: "{{ $value }} queries to {{ $labels.instance }} took longer than 10 s.",
    meaning: "A purge of the accounting may; what users wait for must not.",
    next: STATUS,
  },
];
