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

/** The hypervisor of a machine: as wanted, or round robin within its tier. Pure. */
export function placeOf(
  { name, firstHypervisor, index }: Omit<Member, "tier">,
  hosting: Hosting,
): string {
  const all = [...hosting.hypervisors].sort();
  return hosting.placement[name] ?? all[(firstHypervisor + index) % all.length] ?? "";
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
 * Faults of the placement: unknown names, and machines of a tier together that could be apart.
 * @param apart tiers whose machines should be
 */
export function checkPlacement(members: Member[], hosting: Hosting, apart: string[]): string[] {
  const names = members.map((m) => m.name);
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
    const placed = members
      .filter((m) => m.tier === tier)
      .map((m) => ({ name: m.name, host: placeOf(m, hosting) }));
    const most = fewest(placed.length, hosting.hypervisors.length);
    for (const { host, names } of together(placed, most)) {
      faults.push(
        `vm.placement puts ${names.join(" and ")} on hypervisor ${host}: at most ${most} of ${placed.length} can be ` +
          `lost with one; move one, or say so with vm.allowOnOneHypervisor: [${tier}]`,
      );
    }
  }
  return faults;
}
