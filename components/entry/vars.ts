import { CA_FILE } from "../certificates";
import type { ServiceConfig } from "../web/services";

type Server = { name: string; address: string };

/**
 * Connections that the entry takes for each node of the largest pool: 500 of clients, at which the pool should have grown
 * (requirements), and spare for more of them and for the node's own to Redis and the database.
 */
const NODE_CONNECTIONS = 800;
/** Connections that a MiB carries: 8000 in a GB, with TLS on one side and the kernel's buffers (HAProxy's introduction, "Sizing"). */
const MIB_CONNECTIONS = 8;

/** What the entry's machines are told. */
export interface EntrySettings {
  services: ServiceConfig[];
  /** Largest pool, and longest drain of a node (s). */
  pool: { max: number; drainSeconds: number };
  /** Network interface that gets the VIPs. */
  interface: string;
  prefixLength: number;
  vips: { web: string; data: string };
  vrrp: { advertSeconds: number; entryRouterId: number };
  /** Factor of all time limits of a failover. */
  patience: number;
  /** Memory of each of its machines. */
  memoryMiB: number;
  ports: {
    http: number;
    https: number;
    stats: number;
    haproxyPeer: number;
    redis: number;
    mysql: number;
    galeraCheck: number;
  };
  redis: Server[];
  galera: Server[];
  /** Where Slurm's REST API is served, and tokens for the portal. Default: the site has none. */
  slurmRest?: { servers: Server[]; port: number; tokensPort?: number };
}

/** Variables of ansible/entry.yml; its roles' argument_specs describe them. */
export function entryVars(
  {
    services,
    pool,
    vips,
    vrrp,
    patience,
    memoryMiB,
    ports,
    redis,
    galera,
    slurmRest,
    ...network
  }: EntrySettings,
  certificate: { pem: string; ca: string },
  redisPassword: string,
): Record<string, unknown> {
  const servers = (all: Server[]) => all.map(({ name, address }) => ({ name, address }));
  return {
    entry_services: services.map((s) => ({
      name: s.name,
      port: s.port,
      path: s.path,
      balance: s.balance,
      sticky: s.sticky,
      health_path: s.healthPath,
      health_host: s.healthHost ?? vips.web,
      health_status: s.healthStatus,
      check_seconds: s.checkSeconds,
      server_seconds: s.serverSeconds,
    })),
    // Nodes come before others leave, so a pool that is replaced as a whole needs twice its slots.
    entry_slots: 2 * pool.max,
    entry_max_connections: Math.min(NODE_CONNECTIONS * pool.max, MIB_CONNECTIONS * memoryMiB),
    entry_drain_seconds: pool.drainSeconds,
    entry_interface: network.interface,
    entry_prefix_length: network.prefixLength,
    entry_web_vip: vips.web,
    entry_data_vip: vips.data,
    entry_router_id: vrrp.entryRouterId,
    entry_patience: patience,
    entry_advert_seconds: patience * vrrp.advertSeconds,
    entry_http_port: ports.http,
    entry_https_port: ports.https,
    entry_stats_port: ports.stats,
    entry_peer_port: ports.haproxyPeer,
    entry_certificate_pem: certificate.pem,
    entry_ca: certificate.ca,
    entry_ca_file: CA_FILE,
    entry_redis_members: servers(redis),
    entry_redis_port: ports.redis,
    entry_redis_password: redisPassword,
    entry_galera_members: servers(galera),
    entry_galera_port: ports.mysql,
    entry_galera_check_port: ports.galeraCheck,
    ...(slurmRest && {
      entry_slurm_rest: {
        servers: servers(slurmRest.servers),
        port: slurmRest.port,
        ...(slurmRest.tokensPort !== undefined && { tokens_port: slurmRest.tokensPort }),
      },
    }),
  };
}
