import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import { databaseConnections, memoryFor } from "../database";
import type { Tier } from "../tier";
import { look } from "./look";
import { roll } from "./roll";
import { GALERA_CHECK, MARIADB } from "./units";

const keys = {
  ...NO_KEYS,
  ports: {
    mysql: 3306,
    galeraReplication: 4567,
    galeraIst: 4568,
    galeraSst: 4444,
    /** HTTP answer "this node is synced" on each node. */
    galeraCheck: 9200,
    /** Its numbers, where there is a monitor. */
    mysqldExporter: 9104,
  },
};

/** MariaDB nodes with synchronous replication: users, settings, Slurm's accounting. */
export const galera: Tier<typeof keys> = {
  keys,
  naming: { name: "galera", firstHost: 141, firstHypervisor: 2, apart: true },
  // Three: a majority outlives the loss of one.
  members: { allowed: [1, 3], default: 3 },
  size: { vcpus: 4, memoryMiB: 8192 },
  keeps: { members: true, addresses: true },
  letsIn: ({ config: { ports }, of }) => [
    tcp("MariaDB", ports.mysql, of("entry")),
    // A node that starts asks the others whom they serve, before one of them has to give it a copy.
    tcp("health check", ports.galeraCheck, of("entry", "galera")),
    tcp("metrics of MariaDB", ports.mysqldExporter, of("monitor")),
    tcp("Galera replication", ports.galeraReplication, of("galera")),
    tcp("Galera incremental copy", ports.galeraIst, of("galera")),
    tcp("Galera full copy", ports.galeraSst, of("galera")),
  ],
  packages: [
    "mariadb-server",
    "mariadb-client",
    "galera-4",
    // Full copies between the nodes go through it.
    "stunnel4",
    // Ansible makes databases and users with it.
    "python3-pymysql",
    "prometheus-mysqld-exporter",
  ],
  check: ({ web, services, sizes }) => {
    const memoryMiB = sizes?.galera.memoryMiB;
    if (!web || !services || memoryMiB === undefined) return [];
    const connections = databaseConnections(web.max, services.length);
    const needed = memoryFor(connections);
    return memoryMiB >= needed
      ? []
      : [
          `sizes.galera.memoryMiB = ${memoryMiB}: must be at least ${needed} for the ${connections} connections of ` +
            `web.max = ${web.max} nodes with ${services.length} services`,
        ];
  },
  units: () => [MARIADB, GALERA_CHECK],
  exporters: { mysqld: "mysqldExporter" },
  look,
  roll,
};
