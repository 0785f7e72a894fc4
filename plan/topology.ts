import { addressAt, gateway, hostNumber, inSubnet, prefixLength } from "./addresses";
import type { DriverPlan, DriverPlans } from "./driver";
import type { MachineSize, MachineSpec, PlanConfig, Placed } from "./machine";
import { checkPlacement, type Member, type Place, spread } from "./placement";
import { accidents, recordOf, settledIn, type SiteRecord } from "./record";
import type { TierPlan, TierPlans } from "./tier";

/** What the plan works with: the tiers and the drivers that there are. */
export interface House<Tiers extends TierPlans = TierPlans> {
  tiers: Tiers;
  drivers: DriverPlans;
}

/** Everything that the components are built from. */
export interface Topology<Name extends string = string, Vip extends string = string> {
  machines: Record<Name, MachineSpec<Name>[]>;
  /** Virtual addresses by name. */
  vips: Record<Vip, string>;
  /** Prefix length of the subnet. */
  prefixLength: number;
  /** Gateway of the machines. */
  gateway: string;
}

/** @param size where it is not the tier's */
type Addressed = Member & { address: string; size?: Partial<MachineSize> };

/** @throws where a config that was checked cannot lead */
export function driverOf({ drivers }: House, { driver }: Pick<PlanConfig, "driver">): DriverPlan {
  const found = drivers[driver];
  if (!found) throw new Error(`no driver "${driver}"`);
  return found;
}

const countOf = (name: string, tier: TierPlan, site: PlanConfig, driver: DriverPlan): number =>
  tier.members ? (site.members[name] ?? 0) : (tier.count?.(site, driver.needsShareMachine) ?? 0);

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Numbers of a tier's machines that there are. */
export const numbersThere = (
  { tiers }: House,
  tier: string,
  before: SiteRecord | undefined,
): number[] =>
  Object.entries(before?.machines ?? {}).flatMap(([name, machine]) =>
    machine.tier === tier ? [Number(name.slice(tiers[tier]?.naming.name.length))] : [],
  );

/** Address of each virtual address, by its key in `addresses`. */
function vipPlaces({ tiers }: House, site: PlanConfig): { key: string; address: string }[] {
  return Object.values(tiers).flatMap(({ keys }) =>
    Object.entries(keys.vips).map(([name, host]) => ({
      key: `${name}Vip`,
      address: site.addresses[`${name}Vip`] ?? addressAt(site.cidr, host),
    })),
  );
}

/** Every machine's address. @param numbers of a tier's machines, from 1 */
function places(
  { tiers }: House,
  site: PlanConfig,
  numbers: (name: string, tier: TierPlan) => number[],
): Addressed[] {
  return Object.entries(tiers).flatMap(([tier, description]) => {
    const { name, single, firstHost, firstHypervisor } = description.naming;
    const chosen = description.firstAddress?.(site);
    const hostAt = (address: string | undefined) =>
      address === undefined ? firstHost : hostNumber(`${address}/${prefixLength(site.cidr)}`);
    const groups = description.groups?.(site);
    if (groups) {
      return groups.flatMap(({ name, count, firstAddress, size }) =>
        upTo(count).map((number): Addressed => {
          const machine = `${name}${number}`;
          const host = hostAt(firstAddress) + number - 1;
          const address = site.addresses[machine] ?? addressAt(site.cidr, host);
          return { name: machine, tier, address, size, firstHypervisor, index: number - 1 };
        }),
      );
    }
    const first = hostAt(chosen);
    return numbers(tier, description).map((number): Addressed => {
      const index = number - 1;
      const machine = single ? name : `${name}${number}`;
      const address = site.addresses[machine] ?? addressAt(site.cidr, first + index);
      return { name: machine, tier, address, firstHypervisor, index };
    });
  });
}

const atMost = (house: House, site: PlanConfig, driver: DriverPlan): Addressed[] =>
  places(house, site, (name, tier) => upTo(tier.most?.(site) ?? countOf(name, tier, site, driver)));

/** The machines that there are to be, on their hypervisors. @param before what there is; undefined: a new site */
function placed(
  house: House,
  site: PlanConfig,
  before: SiteRecord | undefined,
): (Place & Addressed)[] {
  const driver = driverOf(house, site);
  // A size that is too large is a fault of its own, and need not be planned.
  const members = places(house, site, (name, tier) => {
    const most = tier.most?.(site) ?? Infinity;
    const chosen =
      tier.chosen?.(site, numbersThere(house, name, before)) ??
      upTo(Math.min(countOf(name, tier, site, driver), most));
    return chosen.filter((number) => number <= most);
  });
  const hosts = spread(members, driver.hosting(site), settledIn(before));
  return members.map((m) => ({ ...m, hypervisor: hosts[m.name] ?? "" }));
}

/** The site as its config has it: what the next config is held against. @param keys public ssh keys of who may log in */
export const record = (
  house: House,
  site: PlanConfig,
  before?: SiteRecord,
  keys: string[] = [],
): SiteRecord =>
  recordOf(
    placed(house, site, before),
    Object.assign(
      { driver: site.driver },
      ...Object.values(house.tiers).map(({ keeps }) => keeps?.values?.(site) ?? {}),
    ) as Record<string, string>,
    keys,
  );

/**
 * Faults of the plan: of addresses with every tier at its largest, of where the machines are, and of what would change by
 * accident. @param before what there is; undefined: a new site
 */
export function checkPlan(house: House, site: PlanConfig, before?: SiteRecord): string[] {
  const driver = driverOf(house, site);
  const machines = atMost(house, site, driver);
  const vips = vipPlaces(house, site);
  const known = [...vips.map((v) => v.key), ...machines.map((m) => m.name)];
  const faults = Object.keys(site.addresses)
    .filter((n) => !known.includes(n))
    .map((n) => `addresses.${n}: no such machine; allowed: ${known.join(", ")}`);
  const users = new Map<string, string>();
  const way = driver.gateway(site);
  if (way !== gateway(site.cidr)) users.set(way, "the gateway");
  const all = [
    ...vips.map(({ key, address }) => ({ key, address, called: `the VIP ${key}` })),
    ...machines.map(({ name, address }) => ({ key: name, address, called: name })),
  ];
  for (const { key, address, called } of all) {
    const other = users.get(address);
    if (other !== undefined) {
      faults.push(
        `addresses.${key} = "${address}": already the address of ${other}; must be unique`,
      );
    } else if (site.addresses[key] === undefined && !inSubnet(address, site.cidr)) {
      faults.push(`addresses.${key} = "${address}": must be inside ${site.cidr}`);
    }
    users.set(address, called);
  }
  for (const [tier, plan] of Object.entries(house.tiers)) {
    for (const { name, address, at } of plan.others?.(site) ?? []) {
      const [user, same] = [
        users.get(address),
        machines.find((m) => m.name === name && m.tier !== tier),
      ];
      if (user !== undefined) {
        faults.push(`${at}: ${name} has the address ${address} of ${user}; must be unique`);
      }
      if (same) faults.push(`${at}: ${name} is a machine of ${same.tier} already`);
    }
  }
  const twice = machines.filter(({ name }, i) => machines.findIndex((m) => m.name === name) < i);
  faults.push(
    ...twice.map(({ name, tier }) => `${name} of ${tier}: another machine has this name already`),
  );
  const hosting = driver.hosting(site);
  const there = placed(house, site, before);
  const fenced = there.filter((m) => house.tiers[m.tier]?.naming.fenced);
  const names = machines.map(({ name }) => name);
  return [
    ...faults,
    ...driver.checkMachines(site, fenced),
    ...checkPlacement(there, names, hosting, tiersApart(house), settledIn(before)),
    ...(before ? accidents(house.tiers, hosting, before, record(house, site, before)) : []),
  ];
}

/** Tiers whose machines should be on different hypervisors. */
export const tiersApart = ({ tiers }: House): string[] =>
  Object.entries(tiers).flatMap(([name, { naming }]) => (naming.apart ? [name] : []));

/** The machines of every tier at its largest, by tier: what rules are written for. */
export function largest(house: House, site: PlanConfig): Record<string, Placed[]> {
  const all = atMost(house, site, driverOf(house, site));
  return Object.fromEntries(
    Object.keys(house.tiers).map((tier) => [
      tier,
      all
        .filter((m) => m.tier === tier)
        .map(({ name, address }) => ({ name, address, mac: macOf(address) })),
    ]),
  );
}

/**
 * Plans the machines of a site. Pure: the same config gives the same topology.
 * @param before what there is; undefined: a new site
 */
export function plan(
  house: House,
  site: PlanConfig & { sizes: Record<string, MachineSize> },
  before?: SiteRecord,
): Topology {
  const machines: Topology["machines"] = Object.fromEntries(
    Object.keys(house.tiers).map((name) => [name, []]),
  );
  for (const { name, tier, address, hypervisor, size: own } of placed(house, site, before)) {
    const size = site.sizes[tier];
    if (!size) throw new Error(`no size of tier ${tier}`);
    machines[tier]?.push({ ...size, ...own, name, tier, address, mac: macOf(address), hypervisor });
  }
  return {
    machines,
    vips: Object.fromEntries(
      vipPlaces(house, site).map(({ key, address }) => [key.replace(/Vip$/, ""), address]),
    ),
    prefixLength: prefixLength(site.cidr),
    gateway: driverOf(house, site).gateway(site),
  };
}

/** A locally administered MAC in QEMU's range from the lower three bytes of the address. */
function macOf(address: string): string {
  const bytes = address.split(".").slice(1).map(Number);
  return ["52", "54", "00", ...bytes.map((b) => b.toString(16).padStart(2, "0"))].join(":");
}
