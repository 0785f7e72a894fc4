import { addressAt, prefixLength } from "./addresses";
import type { SiteConfig } from "./config";

/** What a machine is for; also the name of its Ansible group (with _ for -). */
export type Role = (typeof ROLES)[number];
export const ROLES = [
  "slurm-controller",
  "slurm-compute",
  "client",
  "redis",
  "galera",
  "haproxy",
  "web",
] as const;

/** One machine as planned: pure data, the same for every driver. */
export interface MachineSpec {
  name: string;
  role: Role;
  address: string;
  /** Derived from the address, so that a machine keeps it when it is made anew. */
  mac: string;
  vcpus: number;
  memoryMiB: number;
}

/** Everything that the components are built from. */
export interface Topology {
  machines: Record<Role, MachineSpec[]>;
  slurmVip: string;
  webVip: string;
  /** Stable address of the Redis primary and a synced Galera node. */
  dataVip: string;
  /** Prefix length of the subnet. */
  prefixLength: number;
}

/** Host numbers of the reference site (requirements.md); the rest are free ones. */
const VIPS = { slurmVip: 100, webVip: 101, dataVip: 102 };
const SETS: [role: Role, prefix: string, first: number, count: number | "compute" | "web"][] = [
  ["slurm-controller", "slurm-m", 10, 2],
  ["redis", "redis", 131, 3],
  ["galera", "galera", 141, 3],
  ["haproxy", "haproxy", 151, 2],
  ["slurm-compute", "compute", 161, "compute"],
  ["web", "web", 21, "web"],
];
const CLIENT_HOST = 190;

interface Place {
  name: string;
  role: Role | "vip";
  address: string;
}

/** Every address of the site, with the pool at `webCount` nodes. */
function places(
  cidr: string,
  overrides: Record<string, string>,
  webCount: number,
  computeCount: number,
): Place[] {
  const at = (name: string, role: Place["role"], host: number): Place => ({
    name,
    role,
    address: overrides[name] ?? addressAt(cidr, host),
  });
  const sets = SETS.flatMap(([role, prefix, first, count]) => {
    const n = count === "web" ? webCount : count === "compute" ? computeCount : count;
    return Array.from({ length: n }, (_, i) => at(`${prefix}${i + 1}`, role, first + i));
  });
  const vips = Object.entries(VIPS).map(([name, host]) => at(name, "vip", host));
  return [...vips, ...sets, at("client", "client", CLIENT_HOST)];
}

/** Faults of the address plan with the pool at its largest: unknown names, double use. */
export function checkAddresses(
  cidr: string,
  overrides: Record<string, string>,
  webMax: number,
  slurm: { computeNodes: number },
): string[] {
  const all = places(cidr, overrides, webMax, slurm.computeNodes);
  const known = new Set(all.map((p) => p.name));
  const faults = Object.keys(overrides)
    .filter((n) => !known.has(n))
    .map((n) => `addresses.${n}: no such machine; allowed: ${[...known].join(", ")}`);
  const users = new Map<string, Place>();
  for (const place of all) {
    const other = users.get(place.address);
    if (other) {
      const what = other.role === "vip" ? `the VIP ${other.name}` : other.name;
      faults.push(
        `addresses.${place.name} = "${place.address}": already the address of ${what}; must be unique`,
      );
    }
    users.set(place.address, place);
  }
  return faults;
}

/** Plans the machines of a site. Pure: the same config gives the same topology. */
export function plan(site: SiteConfig): Topology {
  const all = places(site.cidr, site.addresses, site.webReplicas, site.slurm.computeNodes);
  const machines: Topology["machines"] = {
    "slurm-controller": [],
    "slurm-compute": [],
    client: [],
    redis: [],
    galera: [],
    haproxy: [],
    web: [],
  };
  for (const { name, role, address } of all) {
    if (role === "vip") continue;
    machines[role].push({ name, role, address, mac: macOf(address), ...site.sizes[role] });
  }
  const vip = (name: keyof typeof VIPS) => site.addresses[name] ?? addressAt(site.cidr, VIPS[name]);
  return {
    machines,
    slurmVip: vip("slurmVip"),
    webVip: vip("webVip"),
    dataVip: vip("dataVip"),
    prefixLength: prefixLength(site.cidr),
  };
}

/** A locally administered MAC in QEMU's range from the lower three bytes of the address. */
function macOf(address: string): string {
  const bytes = address.split(".").slice(1).map(Number);
  return ["52", "54", "00", ...bytes.map((b) => b.toString(16).padStart(2, "0"))].join(":");
}
