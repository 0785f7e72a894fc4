import type { Panel } from "./panel";

const wsrep = (name: string) => `mysql_global_status_wsrep_${name}`;

/** MariaDB and Redis. */
export const dataPanels = (): Panel[] => [
  {
    title: "Galera: nodes seen",
    unit: "count",
    expr: `max by (instance) (${wsrep("cluster_size")})`,
    by: ["instance"],
    help: "Each node's own view; all should see all.",
  },
  {
    title: "Galera: writes stand still",
    unit: "share",
    expr: `rate(${wsrep("flow_control_paused_ns")}[5m]) / 1e9`,
    by: ["instance"],
    help: "Of the time, since the slowest node cannot keep up.",
  },
  {
    title: "Galera: changes that wait",
    unit: "count",
    expr: `max by (instance) (${wsrep("local_recv_queue")})`,
    by: ["instance"],
    help: "On the node where it grows the disk or the processors are too slow.",
  },
  {
    title: "MariaDB: queries",
    unit: "1/s",
    expr: "rate(mysql_global_status_queries[5m])",
    by: ["instance"],
    help: "One node takes them all; checks of its state are on each.",
  },
  {
    title: "MariaDB: connections",
    unit: "share",
    expr: "mysql_global_status_threads_connected / mysql_global_variables_max_connections",
    by: ["instance"],
    help: "Of those that it takes.",
  },
  {
    title: "MariaDB: changes written",
    unit: "bytes/s",
    expr: `rate(${wsrep("replicated_bytes")}[5m])`,
    by: ["instance"],
    help: "What a node has sent to the others.",
  },
  {
    title: "Redis: master",
    unit: "yes or no",
    expr: 'max by (instance) (redis_instance_info{role="master"})',
    by: ["instance"],
    help: "A change is a failover.",
  },
  {
    title: "Redis: replicas of the master",
    unit: "count",
    expr: 'max(redis_connected_slaves{job="redis"})',
    by: [],
    help: "Without any it takes no writes.",
  },
  {
    title: "Redis: commands",
    unit: "1/s",
    expr: 'rate(redis_commands_processed_total{job="redis"}[5m])',
    by: ["instance"],
    help: "Replicas have those of their master.",
  },
  {
    title: "Redis: memory",
    unit: "share",
    expr: 'redis_memory_used_bytes{job="redis"} / (redis_memory_max_bytes{job="redis"} > 0)',
    by: ["instance"],
    help: "Of what it may have; then the oldest sessions go.",
  },
  {
    title: "Redis: keys",
    unit: "count",
    expr: 'sum by (instance) (redis_db_keys{job="redis"})',
    by: ["instance"],
    help: "Sessions, mostly.",
  },
  {
    title: "Sentinels that hear each other",
    unit: "count",
    expr: "min by (instance) (redis_sentinel_master_ok_sentinels)",
    by: ["instance"],
    help: "A majority of them is needed for a failover.",
  },
];
