import type { MachineAddress } from "../lib/machines";
import type { SshAccess } from "../lib/ssh";

/** A web service as it is checked; components/web/services.ts describes each. */
export interface ServiceHealth {
  port: number;
  healthPath: string;
  healthHost?: string;
  healthStatus: string;
  checkSeconds: number;
}

/** What the program gives back (index.ts), without secrets. */
export interface SiteOutputs {
  /** Addresses of the machines, by tier and name. */
  addresses: Record<string, Record<string, string>>;
  vips: { slurm: string; web: string; data: string };
  /** Where each web service is. */
  urls: Record<string, string>;
  /** Web services by name: their port on the web nodes, and how they are asked whether they are well. */
  services: Record<string, ServiceHealth>;
  /** Number of web nodes and its limits, as configured or as the autoscaler has it, and the longest drain of one that leaves (s). */
  webPool: { size: number; min: number; max: number; drainSeconds: number };
  /** Whether users of an LDAP are known on controllers, compute nodes and login machine. Default: no. */
  ldap?: boolean;
  /** Whether slurmrestd runs on the controllers, and gives tokens to the portal too. Default: no. */
  slurmRest?: { portal: boolean };
  /** Names of the machines that this program makes nodes by ssh. Default: there are none. */
  externalNodes?: string[];
  /** The autoscaler's page, where the autoscaler owns the pool's size. */
  console?: string;
  /** The site's time zone (IANA), where the autoscaler has one. */
  timeZone?: string;
  /**
   * The image that new machines are made from: when it was built (ISO 8601), and the releases of web services that a new web
   * node has to be sent. Where it was not built on the machine that runs Pulumi, nothing is known of it.
   */
  image?: { built: string; lacks: string[] };
  /** Factor of all time limits of a failover. */
  failoverPatience: number;
  /** How to log in to the machines. */
  ssh: SshAccess;
  inventoryFile: string;
  caFile: string;
  portalUser: string;
}

/** Addresses by tier and name. */
export function addressesOf(
  machines: { tier: string; name: string; address: string }[],
): SiteOutputs["addresses"] {
  const all: SiteOutputs["addresses"] = {};
  for (const { tier, name, address } of machines) (all[tier] ??= {})[name] = address;
  return all;
}

/** The machines of a site, one after the other. */
export const machinesOf = ({ addresses }: Pick<SiteOutputs, "addresses">): MachineAddress[] =>
  Object.entries(addresses).flatMap(([tier, members]) =>
    Object.entries(members).map(([name, address]) => ({ name, tier, address })),
  );
