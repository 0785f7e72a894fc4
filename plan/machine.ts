/** What of the config the plan of addresses and hypervisors reads; tiers and drivers read their own keys besides. */
export interface PlanConfig {
  cidr: string;
  addresses: Record<string, string>;
  driver: string;
  members: Record<string, number>;
  [key: string]: unknown;
}

/** A machine with its address. */
export interface Placed {
  name: string;
  address: string;
  /** Derived from the address, so that a machine keeps it when it is made anew. */
  mac: string;
}

/** How large a machine is. */
export interface MachineSize {
  vcpus: number;
  memoryMiB: number;
  /** Root disk, GiB; for drivers that make disks. */
  diskGiB: number;
  /** Data volume that outlives the machine, GiB. Default: none. */
  dataGiB?: number;
}

/** One machine as planned: pure data, the same for every driver. */
export interface MachineSpec<Name extends string = string> extends Placed, MachineSize {
  tier: Name;
  /** Name of the hypervisor that it runs on. */
  hypervisor: string;
}
