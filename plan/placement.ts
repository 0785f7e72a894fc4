/** Which hypervisors there are, and who is wanted where. */
export interface Hosting {
  /** Names; never empty. */
  hypervisors: string[];
  /** Machine name -> hypervisor. */
  placement: Record<string, string>;
  /** Tiers whose machines may be together although they could be apart. */
  allowOnOneHypervisor: readonly string[];
}

/** A machine, before it has a hypervisor. */
export interface Member {
  name: string;
  tier: string;
  /** Number of the hypervisor where its tier's first machine goes, so that not all begin on the same. */
  firstHypervisor: number;
  /** Its number in the tier. A pool's size must not move those that stay, so nothing else counts. */
  index: number;
}

/** A machine with its address and hypervisor. */
export interface Place extends Member {
  address: string;
  hypervisor: string;
}

/**
 * The hypervisor of each machine, by its name: as wanted, else where it is. A new machine of a site that is there goes
 * where the fewest of its tier are, and of those where the fewest machines are; those of a new site go round robin
 * within their tiers. Pure.
 * @param settled hypervisor of each machine that there is; empty: a new site
 */
export function spread(
  members: Member[],
  hosting: Hosting,
  settled: Record<string, string>,
): Record<string, string> {
  const all = [...hosting.hypervisors].sort();
  const found: Record<string, string> = {};
  const isNew = Object.keys(settled).length === 0;
  for (const { name, firstHypervisor, index } of members) {
    const is = settled[name];
    const stays = is !== undefined && all.includes(is) ? is : undefined;
    const first = isNew ? all[(firstHypervisor + index) % all.length] : undefined;
    const host = hosting.placement[name] ?? stays ?? first;
    if (host !== undefined) found[name] = host;
  }
  for (const { name, tier } of members) {
    const load = (host: string, some: Member[]) =>
      some.filter((m) => found[m.name] === host).length;
    const mates = members.filter((m) => m.tier === tier);
    const [best = ""] = [...all].sort(
      (a, b) => load(a, mates) - load(b, mates) || load(a, members) - load(b, members),
    );
    found[name] ??= best;
  }
  return found;
}

/** How many of so many machines are on one of so many hosts at least. */
export const fewest = (machines: number, hosts: number): number => Math.ceil(machines / hosts);

/** Hosts that have more than `most` of these machines. */
export function together(
  machines: { name: string; host: string }[],
  most: number,
): { host: string; names: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { name, host } of machines) found.set(host, [...(found.get(host) ?? []), name]);
  return [...found]
    .filter(([, names]) => names.length > most)
    .map(([host, names]) => ({ host, names }));
}

/**
 * Faults of the placement: unknown names, and machines of a tier together that could be apart, unless they are already.
 * @param names of all machines that there may ever be
 * @param apart tiers whose machines should be
 * @param settled hypervisor of each machine that there is
 */
export function checkPlacement(
  machines: Place[],
  names: string[],
  hosting: Hosting,
  apart: string[],
  settled: Record<string, string>,
): string[] {
  const faults: string[] = [];
  for (const [machine, hypervisor] of Object.entries(hosting.placement)) {
    if (!names.includes(machine)) {
      faults.push(`vm.placement.${machine}: no such machine; allowed: ${names.join(", ")}`);
    }
    if (!hosting.hypervisors.includes(hypervisor)) {
      faults.push(
        `vm.placement.${machine} = "${hypervisor}": no such hypervisor; allowed: ${hosting.hypervisors.join(", ")}`,
      );
    }
  }
  for (const tier of apart) {
    if (hosting.allowOnOneHypervisor.includes(tier)) continue;
    const placed = machines
      .filter((m) => m.tier === tier)
      .map(({ name, hypervisor }) => ({ name, host: hypervisor }));
    const most = fewest(placed.length, hosting.hypervisors.length);
    for (const { host, names } of together(placed, most)) {
      // Since the time when there were fewer hypervisors.
      if (names.every((name) => settled[name] === host)) continue;
      faults.push(
        `vm.placement puts ${names.join(" and ")} on hypervisor ${host}: at most ${most} of ${placed.length} can be ` +
          `lost with one; move one, or say so with vm.allowOnOneHypervisor: [${tier}]`,
      );
    }
  }
  return faults;
}
