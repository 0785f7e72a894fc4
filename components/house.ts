import type { MachineAddress } from "../lib/machines";
import type { Around } from "../plan/checks";
import * as config from "../plan/config";
import * as wall from "../plan/firewall";
import * as packages from "../plan/packages";
import { settledIn, type SiteRecord } from "../plan/record";
import * as topology from "../plan/topology";
import { driverPlans } from "../drivers/plans";
import type { Intent } from "../policy/rules";
import type { WithPackages } from "./slurm/packages";
import { type SiteConfig, type TierName, tiers, type Topology } from "./tiers";

/** The plan's algorithms over this house's tiers and drivers. */
const house = { tiers, drivers: driverPlans };

/** @throws ConfigError with every fault: key, value, what is allowed */
export const parseConfig = (raw: Record<string, string>, around?: Around): SiteConfig =>
  config.parseConfig(house, raw, around);

/** Plans the machines of a site. Pure: the same config gives the same topology. @param before what there is of it */
export const plan = (site: SiteConfig, before?: SiteRecord): Topology =>
  topology.plan(house, { ...site }, before) as Topology;

/** What the next config is held against. */
export const record = (site: SiteConfig, before?: SiteRecord): SiteRecord =>
  topology.record(house, { ...site }, before, site.ssh.authorizedKeys);

/** Numbers of a tier's machines that there are. */
export const numbersThere = (tier: TierName, before: SiteRecord | undefined): number[] =>
  topology.numbersThere(house, tier, before);

/** See DriverPlan. */
export const mountsHere = (site: SiteConfig): boolean => topology.driverOf(house, site).mountsHere;

/** All machines that a tier may have. */
export const largest = (site: SiteConfig, tier: TierName): { name: string; address: string }[] =>
  (topology.largest(house, { ...site })[tier] ?? []).map(({ name, address }) => ({
    name,
    address,
  }));

/** All machines that the site may have: those of the plan, and the web pool at its largest. */
export const everybody = (site: SiteConfig): MachineAddress[] =>
  Object.entries(topology.largest(house, { ...site })).flatMap(([tier, all]) =>
    all.map(({ name, address }) => ({ name, tier, address })),
  );

/** Who may talk to whom. */
export const firewall = (site: SiteConfig): wall.Firewall<TierName> =>
  wall.firewall(house, { ...site });

/** Debian packages that the one image of all machines carries. */
export const machinePackages = (site: WithPackages): string[] =>
  packages.machinePackages(tiers, site);

/** What the policy holds the registered resources against. */
export const intentOf = (site: SiteConfig, { machines }: Topology, before?: SiteRecord): Intent => {
  const { hypervisors, allowOnOneHypervisor } = topology.driverOf(house, site).hosting({ ...site });
  const settled = settledIn(before);
  return {
    machines,
    stay: Object.values(machines).flatMap((members) =>
      members.flatMap(({ name, hypervisor }) => (settled[name] === hypervisor ? [name] : [])),
    ),
    apart: topology.tiersApart(house).filter((tier) => !allowOnOneHypervisor.includes(tier)),
    hypervisors: hypervisors.length,
    webMax: site.web.max,
  };
};
