import type { SiteOutputs } from "../plan/outputs";
import type { Tier } from "./tier";

/** All tiers, what others stand on first: the order in which they are rolled. */
export const tiers = {
  share: { units: () => ["nfs-server"] },
  galera: { units: () => ["mariadb", "galera-check"] },
  redis: { units: () => ["redis-server", "redis-sentinel"] },
  entry: { units: () => ["haproxy", "haproxy-watch", "keepalived"] },
  web: { units: ({ urls }: SiteOutputs) => Object.keys(urls).map((name) => `hpc-web@${name}`) },
  controllers: { units: () => ["munge", "slurmdbd", "slurm-watch", "keepalived"] },
  compute: { units: () => ["munge", "slurmd"] },
  login: { units: () => ["munge"] },
} satisfies Record<string, Tier>;

export type TierName = keyof typeof tiers;
