/** Sets of which one hypervisor must take no more members with it than it has to. */
export const SPREAD_ROLES = ["controllers", "entry", "redis", "galera"] as const;
type SpreadRole = (typeof SPREAD_ROLES)[number];

/** Which hypervisors there are, and who is wanted where. */
export interface Hosting {
  /** Names; never empty. */
  hypervisors: string[];
  /** Machine name -> hypervisor. */
  placement: Record<string, string>;
  allowOnOneHypervisor: readonly SpreadRole[];
}

/** A member of a set, before it has a hypervisor. */
export interface Member {
  name: string;
  role: string;
  /** Number of the set among the sets: where its first member goes, so that not all begin on the same. */
  set: number;
  /** Its number in the set. A pool's size must not move those that stay, so nothing else counts. */
  index: number;
}

/** The hypervisor of a machine: as wanted, or round robin within its set. Pure. */
export function placeOf({ name, set, index }: Member, hosting: Hosting): string {
  const all = [...hosting.hypervisors].sort();
  return hosting.placement[name] ?? all[(set + index) % all.length] ?? "";
}

/** Faults of the placement: unknown names, and members of a set together that could be apart. */
export function checkPlacement(members: Member[], hosting: Hosting): string[] {
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
  for (const role of SPREAD_ROLES) {
    if (hosting.allowOnOneHypervisor.includes(role)) continue;
    const set = members.filter((m) => m.role === role);
    const most = Math.ceil(set.length / hosting.hypervisors.length);
    for (const hypervisor of hosting.hypervisors) {
      const together = set.filter((m) => placeOf(m, hosting) === hypervisor).map((m) => m.name);
      if (together.length <= most) continue;
      faults.push(
        `vm.placement puts ${together.join(" and ")} on hypervisor ${hypervisor}: at most ${most} of ${set.length} can be ` +
          `lost with one; move one, or say so with vm.allowOnOneHypervisor: [${role}]`,
      );
    }
  }
  return faults;
}
