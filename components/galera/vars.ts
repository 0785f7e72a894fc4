import { CA_FILE } from "../certificates";

export interface GaleraPorts {
  mysql: number;
  galeraReplication: number;
  galeraIst: number;
  galeraSst: number;
  galeraCheck: number;
  mysqldExporter: number;
}

export interface GaleraSettings {
  ports: GaleraPorts;
  patience: number;
  /** Most connections of clients. */
  connections: number;
  /** Memory of the smallest node. */
  memoryMiB: number;
}

/** Variables of ansible/galera.yml; its role's argument_specs describe them. */
export const galeraVars = (
  { ports, patience, connections, memoryMiB }: GaleraSettings,
  databases: { name: string; user: string; password: string }[],
  ca: string,
  certificates: Record<string, string>,
): Record<string, unknown> => ({
  galera_cluster: "site",
  galera_patience: patience,
  galera_port: ports.mysql,
  galera_replication_port: ports.galeraReplication,
  galera_ist_port: ports.galeraIst,
  galera_sst_port: ports.galeraSst,
  galera_check_port: ports.galeraCheck,
  // Half of the machine; Galera's own cache and the connections need the rest.
  galera_buffer_pool_mib: Math.floor(memoryMiB / 2),
  galera_max_connections: connections,
  galera_databases: databases,
  galera_ca: ca,
  galera_ca_file: CA_FILE,
  galera_certificates: certificates,
});
