import { gateway } from "./addresses";
import type { SiteConfig } from "./config";
import { plan, type Role } from "./topology";

/** NFSv4's one port, which clients use without being told. */
const NFS_PORT = 2049;

/** Who may connect: everyone, the administrators' networks, or some addresses and networks. */
export type Source = "anyone" | "admins" | string[];

/** One thing that a machine lets in. */
export type Rule = {
  /** What for; `nft list ruleset` shows it. */
  what: string;
} & (
  | { protocol: "tcp"; /** A port, or first-last. */ ports: string; from: Source }
  | { protocol: "any"; from: string[] }
  /** MACs too: a source address is easily forged, and VRRPv3 has no authentication. */
  | { protocol: "vrrp"; peers: { address: string; mac: string }[] }
);

export interface Firewall {
  /** Addresses and networks of the administrators. */
  admins: string[];
  /** What the machines of a role let in; besides, what answers them, and ping. */
  rules: Record<Role, Rule[]>;
}

/**
 * Who may talk to whom: the one place that knows. Pure, and the same whatever the present size of the web
 * pool, so that no other tier is configured again when it changes.
 */
export function firewall(config: SiteConfig): Firewall {
  const { ports, services, web } = config;
  const { machines } = plan({ ...config, webReplicas: web.max });
  const of = (...roles: Role[]) => roles.flatMap((r) => machines[r].map((m) => m.address));
  const tcp = (what: string, port: number | string, from: Source): Rule => ({
    what,
    protocol: "tcp",
    ports: String(port),
    from,
  });
  const vrrp = (role: Role): Rule => ({
    what: "VRRP",
    protocol: "vrrp",
    peers: machines[role].map(({ address, mac }) => ({ address, mac })),
  });

  // Users' commands (sbatch, sacct, …) run on the login machine, and in jobs.
  const slurm = of("controllers", "compute", "login");
  const srun = `${ports.srunFirst}-${ports.srunLast}`;
  const tiers: Record<Role, Rule[]> = {
    controllers: [
      tcp("slurmctld", ports.slurmctld, slurm),
      tcp("slurmdbd", ports.slurmdbd, slurm),
      vrrp("controllers"),
    ],
    compute: [
      // Ranks of a parallel job listen where they like; slurmd hands messages on to others.
      { what: "parallel jobs", protocol: "any", from: of("compute") },
      tcp("slurmd", ports.slurmd, of("controllers", "login")),
      tcp("srun in a job", srun, of("controllers")),
    ],
    login: [tcp("srun", srun, of("controllers", "compute"))],
    redis: [
      tcp("Redis", ports.redis, of("redis", "entry")),
      tcp("Sentinel", ports.sentinel, of("redis")),
    ],
    galera: [
      tcp("MariaDB", ports.mysql, of("entry")),
      tcp("health check", ports.galeraCheck, of("entry")),
      tcp("Galera replication", ports.galeraReplication, of("galera")),
      tcp("Galera incremental copy", ports.galeraIst, of("galera")),
      tcp("Galera full copy", ports.galeraSst, of("galera")),
    ],
    entry: [
      tcp("web entry, sends to https", ports.http, "anyone"),
      tcp("web entry", ports.https, "anyone"),
      tcp("statistics", ports.stats, "admins"),
      tcp("membership", ports.haproxyPeer, of("entry")),
      tcp("Redis master", ports.redis, of("web")),
      tcp("database", ports.mysql, of("web", "controllers")),
      vrrp("entry"),
    ],
    share: [tcp("NFS", NFS_PORT, of("controllers"))],
    web: services.map((s) => tcp(s.name, s.port, of("entry"))),
  };

  const rules = { ...tiers };
  for (const role of Object.keys(tiers) as Role[]) {
    const allowed = config.firewall.allow
      .filter((extra) => extra.role === role)
      .map(({ port, from }) => tcp("firewall.allow", port, from));
    rules[role] = [tcp("ssh", 22, "admins"), ...tiers[role], ...allowed].filter(hasSources);
  }
  return { admins: config.firewall.adminNetworks ?? [gateway(config.cidr)], rules };
}

/** False where nobody is there to be let in, as in a cluster without compute nodes. */
const hasSources = (rule: Rule) => (rule.protocol === "vrrp" ? rule.peers : rule.from).length > 0;
