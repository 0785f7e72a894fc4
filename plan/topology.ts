import { isIPv4 } from "node:net";
import { addressAt, gateway, hostNumber, inSubnet, prefixLength } from "./addresses";
import type { SiteConfig } from "./config";
import { checkPlacement, type Hosting, type Member, placeOf } from "./placement";

/** What a machine is for; also the name of its Ansible group (with _ for -). */
export type Role = (typeof ROLES)[number];
export const ROLES = [
  "controllers",
  "compute",
  "login",
  "redis",
  "galera",
  "entry",
  "web",
  /** Machine of the state share; only where machines have no host's directory to share. */
  "share",
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
  /** Root disk, GiB; for drivers that make disks. */
  diskGiB: number;
  /** Data volume that outlives the machine, GiB. Default: none. */
  dataGiB?: number;
  /** Name of the hypervisor that it runs on. */
  hypervisor: string;
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
const SETS: [role: Role, prefix: string, first: number][] = [
  ["controllers", "slurm-m", 10],
  ["redis", "redis", 131],
  ["galera", "galera", 141],
  ["entry", "haproxy", 151],
  ["compute", "compute", 161],
  ["web", "web", 21],
  ["login", "client", 190],
  ["share", "nfs-srv", 12],
];
/** Sets of one machine, whose name has no number. */
const SINGLE: Role[] = ["login", "share"];

/** What of the config the plan of addresses and hypervisors depends on, beside the size of the pool. */
export type PlanConfig = Pick<
  SiteConfig,
  "cidr" | "addresses" | "slurm" | "members" | "driver" | "libvirtUri" | "vm"
> & { web?: Pick<SiteConfig["web"], "firstAddress"> };

interface Place extends Omit<Member, "role"> {
  role: Role | "vip";
  address: string;
}

/** Every address of the site, with the pool at `webCount` nodes. */
function places(site: PlanConfig, webCount: number): Place[] {
  const counts: Record<Role, number> = {
    controllers: 2,
    compute: site.slurm.computeNodes,
    ...site.members,
    web: webCount,
    share: site.driver === "vm" ? 1 : 0,
  };
  const address = (name: string, host: number) =>
    site.addresses[name] ?? addressAt(site.cidr, host);
  const firstWeb = site.web?.firstAddress;
  const vips = Object.entries(VIPS).map(([name, host], index): Place => {
    return { name, role: "vip", address: address(name, host), set: 0, index };
  });
  const machines = SETS.flatMap(([role, prefix, usual], set) => {
    const first =
      role === "web" && firstWeb !== undefined
        ? hostNumber(`${firstWeb}/${prefixLength(site.cidr)}`)
        : usual;
    return Array.from({ length: counts[role] }, (_, index): Place => {
      const name = SINGLE.includes(role) ? prefix : `${prefix}${index + 1}`;
      return { name, role, address: address(name, first + index), set, index };
    });
  });
  return [...vips, ...machines];
}

const hosting = ({ vm, libvirtUri }: Pick<PlanConfig, "vm" | "libvirtUri">): Hosting => ({
  hypervisors: Object.keys(hypervisorsOf({ vm, libvirtUri })),
  placement: vm?.placement ?? {},
  allowOnOneHypervisor: vm?.allowOnOneHypervisor ?? [],
});

/** Libvirt URIs of the hypervisors by name; without any in the config the one at libvirtUri. */
export function hypervisorsOf({
  vm,
  libvirtUri,
}: Pick<PlanConfig, "vm" | "libvirtUri">): Record<string, string> {
  const named = vm?.hypervisors ?? {};
  return Object.keys(named).length > 0 ? named : { host: libvirtUri };
}

/**
 * Where the machines reach a hypervisor's fence_virtd: as the config says, or at the address in its URI; this host is
 * the gateway of a network that is made on it. Undefined where none of these tells: names are no help, since a
 * controller must be able to fence when the name servers are gone.
 */
const fenceAddress = (
  { cidr, vm, libvirtUri }: Pick<PlanConfig, "cidr" | "vm" | "libvirtUri">,
  hypervisor: string,
): string | undefined => {
  const said = vm?.fenceAddresses[hypervisor];
  if (said !== undefined) return said;
  const { hostname } = new URL(hypervisorsOf({ vm, libvirtUri })[hypervisor] ?? "");
  if (hostname !== "") return isIPv4(hostname) ? hostname : undefined;
  return vm?.network.bridge === undefined ? gateway(cidr) : undefined;
};

/** @throws where a config that was checked cannot lead */
export function fenceAddressOf(
  site: Pick<PlanConfig, "cidr" | "vm" | "libvirtUri">,
  hypervisor: string,
): string {
  const found = fenceAddress(site, hypervisor);
  if (found === undefined) throw new Error(`no address of hypervisor ${hypervisor} for fencing`);
  return found;
}

/** Libvirt URIs of hypervisors that can be set up from here. */
const FENCED_BY = /^qemu(\+unix|\+ssh)?:/;

/** Faults of how the controllers are fenced. */
function checkFencing(site: PlanConfig, members: Place[]): string[] {
  const { vm } = site;
  if (site.driver !== "vm" || !vm) return [];
  const names = Object.keys(hypervisorsOf(site));
  const unknown = Object.keys(vm.fenceAddresses)
    .filter((name) => !names.includes(name))
    .map((name) => `vm.fenceAddresses.${name}: no such hypervisor; allowed: ${names.join(", ")}`);
  const here = Object.entries(hypervisorsOf(site)).flatMap(([name, uri]) => {
    const machine = members.find(
      (m) => m.role === "controllers" && placeOf({ ...m, role: m.role }, hosting(site)) === name,
    );
    return machine === undefined ? [] : [{ name, uri, machine: machine.name }];
  });
  const faults = here.flatMap(({ name, uri, machine }) => [
    ...(fenceAddress(site, name) === undefined
      ? [
          `vm.fenceAddresses.${name} is missing: an IPv4 address of the hypervisor, at which ${machine} is switched off`,
        ]
      : []),
    ...(FENCED_BY.test(uri)
      ? []
      : [
          `vm.hypervisors.${name} = "${uri}": what switches ${machine} off is set up by ssh; allowed: qemu+ssh, or libvirt of this host`,
        ]),
  ]);
  return [...unknown, ...faults];
}

/** Gateway of the machines. */
export const gatewayOf = ({ cidr, vm }: Pick<PlanConfig, "cidr" | "vm">): string =>
  vm?.network.gateway ?? gateway(cidr);

/** Faults of the plan with the pool at its largest: unknown names, double use, members of a set together. */
export function checkAddresses(site: PlanConfig, webMax: number): string[] {
  const all = places(site, webMax);
  const known = new Set(all.map((p) => p.name));
  const faults = Object.keys(site.addresses)
    .filter((n) => !known.has(n))
    .map((n) => `addresses.${n}: no such machine; allowed: ${[...known].join(", ")}`);
  const users = new Map<string, Pick<Place, "name" | "role">>();
  if (site.vm) users.set(gatewayOf(site), { name: "the gateway", role: "login" });
  for (const place of all) {
    const other = users.get(place.address);
    if (other) {
      const what = other.role === "vip" ? `the VIP ${other.name}` : other.name;
      faults.push(
        `addresses.${place.name} = "${place.address}": already the address of ${what}; must be unique`,
      );
    } else if (site.addresses[place.name] === undefined && !inSubnet(place.address, site.cidr)) {
      faults.push(`addresses.${place.name} = "${place.address}": must be inside ${site.cidr}`);
    }
    users.set(place.address, place);
  }
  return [
    ...faults,
    ...checkFencing(site, all),
    ...checkPlacement(
      all.filter((p) => p.role !== "vip"),
      hosting(site),
    ),
  ];
}

/** Plans the machines of a site. Pure: the same config gives the same topology. */
export function plan(site: SiteConfig): Topology {
  const hosts = hosting(site);
  const machines: Topology["machines"] = {
    controllers: [],
    compute: [],
    login: [],
    redis: [],
    galera: [],
    entry: [],
    web: [],
    share: [],
  };
  for (const { role, set, index, name, address } of places(site, site.webReplicas)) {
    if (role === "vip") continue;
    const hypervisor = placeOf({ name, role, set, index }, hosts);
    machines[role].push({
      name,
      role,
      address,
      mac: macOf(address),
      ...site.sizes[role],
      hypervisor,
    });
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
