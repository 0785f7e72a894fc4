/** What rules of the monitor fire for, and what they must not fire for. */

/** Series and their values, a minute apart: "0x60" is sixty-one times 0. */
export type Series = Record<string, string>;
export interface Case {
  fires: Series;
  quiet: Series;
  /** When it is looked at, min. Default 20. */
  at?: number;
}
/** The same all the time. */
export const always = (value: number) => `${value}x600`;
export const up = (labels: string) => `up{instance="a", ${labels}}`;
export const unit = (name: string, state: string, instance = "a") =>
  `node_systemd_unit_state{instance="${instance}", name="${name}.service", state="${state}"}`;

const wsrep = (name: string, instance = "a") =>
  `mysql_global_status_wsrep_${name}{instance="${instance}"}`;
const master = (instance: string) => `redis_instance_info{instance="${instance}", role="master"}`;
const replica = (instance: string) => `redis_instance_info{instance="${instance}", role="slave"}`;
/** That so many are asked. */
const asked = (job: string, members: number): Series =>
  Object.fromEntries(
    Array.from({ length: members }, (_, i) => [`up{instance="${i}", job="${job}"}`, always(1)]),
  );
const certificate = 'probe_ssl_earliest_cert_expiry{instance="a"}';
const DAY = 86_400;

const hv = (what: string, labels = "") => `hypervisor_${what}{instance="a"${labels}}`;
const pool = (fstype: string) => `, mountpoint="/var/lib/libvirt/images", fstype="${fstype}"`;

/** The owner's hypervisors. */
export const HYPERVISOR_CASES: Record<string, Case> = {
  HypervisorDown: {
    fires: { [up('job="hypervisor", tier="hypervisor"')]: always(0) },
    quiet: { [up('job="hypervisor", tier="hypervisor"')]: always(1), 'up{job="node"}': always(0) },
  },
  HypervisorMemoryLow: {
    fires: {
      [hv("memory_MemAvailable_bytes")]: always(4),
      [hv("memory_MemTotal_bytes")]: always(100),
    },
    // A machine of the site's has an alert of its own.
    quiet: {
      [hv("memory_MemAvailable_bytes")]: always(10),
      [hv("memory_MemTotal_bytes")]: always(100),
      'node_memory_MemAvailable_bytes{instance="b"}': always(4),
      'node_memory_MemTotal_bytes{instance="b"}': always(100),
    },
  },
  HypervisorDiskFull: {
    fires: {
      [hv("filesystem_avail_bytes", pool("ext4"))]: always(4),
      [hv("filesystem_size_bytes", pool("ext4"))]: always(100),
    },
    // An image of a package is always full.
    quiet: {
      [hv("filesystem_avail_bytes", pool("xfs"))]: always(6),
      [hv("filesystem_size_bytes", pool("xfs"))]: always(100),
      [hv("filesystem_avail_bytes", pool("squashfs"))]: always(0),
      [hv("filesystem_size_bytes", pool("squashfs"))]: always(100),
    },
  },
  HypervisorDiskFillsUp: {
    fires: {
      [hv("filesystem_avail_bytes", pool("ext4"))]: "24-0.02x600",
      [hv("filesystem_size_bytes", pool("ext4"))]: always(100),
    },
    quiet: {
      [hv("filesystem_avail_bytes", pool("ext4"))]: "90-0.02x600",
      [hv("filesystem_size_bytes", pool("ext4"))]: always(100),
    },
    at: 150,
  },
  HypervisorDiskReadOnly: {
    fires: { [hv("filesystem_readonly", pool("ext4"))]: always(1) },
    quiet: {
      [hv("filesystem_readonly", pool("ext4"))]: always(0),
      [hv("filesystem_readonly", ', mountpoint="/mnt/cd", fstype="iso9660"')]: always(1),
    },
  },
};

/** The data tier by its own numbers, and the entry from outside. */
export const DATA_CASES: Record<string, Case> = {
  ServiceUnreachable: {
    fires: { 'probe_http_status_code{instance="the web VIP", service="hub"}': always(503) },
    // It wants a login, and the HAProxy node without the VIP has no service at "/".
    quiet: {
      'probe_http_status_code{instance="the web VIP", service="hub"}': always(401),
      'probe_http_status_code{instance="a"}': always(404),
    },
  },
  EntrySilent: {
    fires: { 'probe_http_status_code{instance="a"}': always(0) },
    // Nobody serves: that is told of the service.
    quiet: {
      'probe_http_status_code{instance="a"}': always(503),
      'probe_http_status_code{instance="the web VIP", service="hub"}': always(0),
    },
  },
  // promtool's clock begins at 0.
  CertificateEnds: {
    fires: { [certificate]: always(20 * DAY) },
    quiet: { [certificate]: always(22 * DAY) },
    at: 90,
  },
  CertificateEnded: {
    fires: { [certificate]: always(600) },
    quiet: { [certificate]: always(DAY) },
  },
  GaleraNotPrimary: {
    fires: { [wsrep("cluster_status")]: always(0) },
    quiet: { [wsrep("cluster_status")]: always(1) },
  },
  GaleraSmall: {
    fires: { [wsrep("cluster_size")]: always(2), ...asked("mariadb", 3) },
    // One that is alone has its own view.
    quiet: {
      [wsrep("cluster_size")]: always(1),
      [wsrep("cluster_size", "b")]: always(3),
      ...asked("mariadb", 3),
    },
  },
  GaleraNotSynced: {
    fires: { [wsrep("local_state")]: always(1) },
    quiet: { [wsrep("local_state")]: always(4), [wsrep("local_state", "b")]: always(2) },
  },
  GaleraDonorLong: {
    fires: { [wsrep("local_state")]: always(2) },
    quiet: { [wsrep("local_state")]: "2x13 4x600" },
  },
  GaleraFlowControl: {
    // 12 s of each minute.
    fires: { [wsrep("flow_control_paused_ns")]: `0+${12e9}x600` },
    quiet: { [wsrep("flow_control_paused_ns")]: `0+${3e9}x600` },
  },
  GaleraQueue: {
    fires: { [wsrep("local_recv_queue")]: always(17) },
    quiet: { [wsrep("local_recv_queue")]: "0x10 200 0x600" },
    at: 30,
  },
  GaleraConflicts: {
    fires: { [wsrep("local_cert_failures")]: "0+1x600" },
    quiet: { [wsrep("local_cert_failures")]: always(1000) },
  },
  GaleraCacheShort: {
    // 60 kB a second.
    fires: {
      'mysql_galera_gcache_size_bytes{instance="a"}': always(128e6),
      [wsrep("replicated_bytes")]: "0+1800000x600",
      [wsrep("received_bytes")]: "0+1800000x600",
    },
    // Nobody writes.
    quiet: {
      'mysql_galera_gcache_size_bytes{instance="a"}': always(128e6),
      [wsrep("replicated_bytes")]: always(5),
      [wsrep("received_bytes")]: always(5),
    },
    at: 120,
  },
  MariadbSilent: {
    fires: { 'mysql_up{instance="a"}': always(0), [unit("mariadb", "active")]: always(1) },
    // It is down: that is another alert.
    quiet: { 'mysql_up{instance="a"}': always(0), [unit("mariadb", "active")]: always(0) },
  },
  MariadbConnections: {
    fires: {
      'mysql_global_status_threads_connected{instance="a"}': always(401),
      'mysql_global_variables_max_connections{instance="a"}': always(500),
    },
    quiet: {
      'mysql_global_status_threads_connected{instance="a"}': always(400),
      'mysql_global_variables_max_connections{instance="a"}': always(500),
    },
  },
  MariadbRefuses: {
    fires: {
      'mysql_global_status_connection_errors_total{instance="a", error="max_connections"}':
        "0x15 1x600",
    },
    quiet: {
      'mysql_global_status_connection_errors_total{instance="a", error="max_connections"}':
        always(7),
      'mysql_global_status_connection_errors_total{instance="a", error="peer_address"}': "0+1x600",
    },
  },
  MariadbSlow: {
    fires: { 'mysql_global_status_slow_queries{instance="a"}': "0+2x600" },
    quiet: { 'mysql_global_status_slow_queries{instance="a"}': "0x10 8x600" },
  },
  RedisNoMaster: {
    fires: { [replica("a")]: always(1), 'redis_up{instance="a", job="redis"}': always(1) },
    // Nobody is asked.
    quiet: { 'redis_up{instance="a", job="redis"}': always(0) },
  },
  RedisTwoMasters: {
    fires: { [master("a")]: always(1), [master("b")]: always(1) },
    quiet: { [master("a")]: always(1), [replica("b")]: always(1) },
  },
  RedisMasterMoved: {
    fires: { [master("a")]: "1x10 stale", [master("b")]: "_x11 1x600" },
    // It was started again: another series of the same machine.
    quiet: {
      'redis_instance_info{instance="a", role="master", run_id="x"}': "1x10 stale",
      'redis_instance_info{instance="a", role="master", run_id="y"}': "_x11 1x600",
    },
  },
  RedisReplicaMissing: {
    fires: {
      'redis_connected_slaves{instance="a", job="redis"}': always(1),
      'redis_connected_slaves{instance="b", job="redis"}': always(0),
      ...asked("redis", 3),
    },
    quiet: {
      'redis_connected_slaves{instance="a", job="redis"}': always(2),
      'redis_connected_slaves{instance="b", job="redis"}': always(0),
      ...asked("redis", 3),
    },
  },
  RedisReplicaBehind: {
    fires: { 'redis_master_link_up{instance="a"}': always(0) },
    quiet: { 'redis_master_link_up{instance="a"}': always(1) },
  },
  RedisSilent: {
    fires: {
      'redis_up{instance="a", job="redis"}': always(0),
      [unit("redis-server", "active")]: always(1),
    },
    quiet: {
      'redis_up{instance="a", job="redis"}': always(0),
      'redis_up{instance="a", job="sentinel"}': always(0),
      [unit("redis-server", "active")]: always(0),
    },
  },
  RedisMemory: {
    fires: {
      'redis_memory_used_bytes{instance="a"}': always(91),
      'redis_memory_max_bytes{instance="a"}': always(100),
    },
    // Without a limit.
    quiet: {
      'redis_memory_used_bytes{instance="a"}': always(91),
      'redis_memory_max_bytes{instance="a"}': always(0),
    },
  },
  RedisEvicts: {
    fires: { 'redis_evicted_keys_total{instance="a", job="redis"}': "0x15 1x600" },
    quiet: { 'redis_evicted_keys_total{instance="a", job="redis"}': always(7) },
  },
  RedisRefuses: {
    fires: { 'redis_rejected_connections_total{instance="a", job="redis"}': "0x15 1x600" },
    quiet: { 'redis_rejected_connections_total{instance="a", job="redis"}': always(7) },
  },
  RedisNotKept: {
    fires: {
      'redis_aof_last_write_status{instance="a"}': always(0),
      'redis_aof_last_bgrewrite_status{instance="a"}': always(1),
    },
    quiet: {
      'redis_aof_last_write_status{instance="a"}': always(1),
      'redis_aof_last_bgrewrite_status{instance="a"}': always(1),
    },
  },
  SentinelSilent: {
    fires: {
      'redis_up{instance="a", job="sentinel"}': always(0),
      [unit("redis-sentinel", "active")]: always(1),
    },
    quiet: {
      'redis_up{instance="a", job="redis"}': always(0),
      'redis_up{instance="a", job="sentinel"}': always(1),
      [unit("redis-sentinel", "active")]: always(1),
    },
  },
  SentinelsFew: {
    fires: {
      'redis_sentinel_master_ok_sentinels{instance="a"}': always(2),
      ...asked("sentinel", 3),
    },
    quiet: {
      'redis_sentinel_master_ok_sentinels{instance="a"}': always(3),
      ...asked("sentinel", 3),
    },
  },
  SentinelNoQuorum: {
    fires: {
      'redis_sentinel_master_ckquorum_status{instance="a", message="NOQUORUM"}': always(0),
    },
    // Its words changed within the last minutes.
    quiet: {
      'redis_sentinel_master_ckquorum_status{instance="a", message="NOQUORUM"}': "0x18 stale",
      'redis_sentinel_master_ckquorum_status{instance="a", message="OK"}': "_x19 1x600",
    },
    at: 22,
  },
  SentinelTilt: {
    fires: { 'redis_sentinel_tilt{instance="a"}': always(1) },
    quiet: { 'redis_sentinel_tilt{instance="a"}': always(0) },
  },
};
