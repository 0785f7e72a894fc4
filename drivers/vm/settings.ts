import { isIPv4 } from "node:net";
import { z } from "zod";
import { contains, gateway } from "../../plan/addresses";
import type { DriverPlan, HostedMachine } from "../../plan/driver";

const ipv4 = z.ipv4();
const label = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "letters, digits, - and _ only");
/** What may stand for a libvirt object: no quotes or blanks, since it gets into commands and XML. */
const object = z.string().regex(/^[\w.-]+$/, "letters, digits, . - and _ only");
const uri = z
  .string()
  .regex(
    /^qemu(\+(unix|ssh|tls|tcp))?:\/\/[\w.@:/?&=%~-]*$/,
    "a libvirt URI of QEMU, qemu+ssh://…",
  );
const sha512 = z.string().regex(/^[0-9a-f]{128}$/, "the image's SHA-512, 128 hexadecimal digits");

/** What only machines of the `vm` driver need. @param apart, all: names of tiers, which the plan has */
const vmSchema = (tiers: { apart: string[]; all: string[] }) =>
  z.strictObject({
    /** Hypervisors by name: libvirt URIs, `qemu+ssh://root@host/system` too. Default: one, at libvirtUri. */
    hypervisors: z.record(label, uri).default({}),
    /**
     * Hypervisor of a machine, by name, where the planned one is not wanted. One that is there is made anew on it, and stays
     * when nobody asks any more.
     */
    placement: z.record(z.string(), z.string()).default({}),
    /** Tiers that may lose more machines with one hypervisor than they need to. Default: none. */
    allowOnOneHypervisor: z.array(z.enum(tiers.apart)).default([]),
    /**
     * Address at which a hypervisor's fence_virtd listens for the controllers, by the hypervisor's name. Default: the
     * one in its URI; for this host, without a bridge, the first address of the subnet.
     */
    fenceAddresses: z.record(label, ipv4).default({}),
    network: z
      .strictObject({
        /** Bridge of every hypervisor that the machines are attached to, e.g. br0. */
        bridge: object.optional(),
        /** Libvirt network of every hypervisor. Default, without a bridge: an isolated one is made. */
        libvirtNetwork: object.optional(),
        /** The machines' way out. Default: the first address of the subnet. */
        gateway: ipv4.optional(),
        /** Name servers of the machines. Default: none. */
        nameservers: z.array(ipv4).default([]),
        /** Time servers of the machines. Default: Debian's, where they can be reached. */
        timeServers: z.array(ipv4).default([]),
      })
      .prefault({}),
    /** Disk image of new machines: Debian's cloud image, or the one that `npm run image` builds. Required. */
    image: z.union(
      [
        z.strictObject({ url: z.url({ protocol: /^https?$/ }), sha512 }),
        z.strictObject({ file: z.string().startsWith("/"), sha512 }),
      ],
      "allowed is {url, sha512} or {file, sha512}, with an absolute path and the SHA-512 in hexadecimal",
    ),
    /** Tiers whose machines are made anew, one at a time, when `image` changes; data volumes stay. Default: none. */
    followImage: z.array(z.enum(tiers.all)).default([]),
    /** Libvirt storage pool of every hypervisor for root disks. Default: libvirt's own. */
    pool: object.default("default"),
    /** Pool of data volumes, on redundant disks. Default: the same. */
    dataPool: object.optional(),
    /** Libvirt's domain type: kvm, or qemu (emulation, many times slower). Default kvm. */
    accelerator: z.enum(["kvm", "qemu"]).default("kvm"),
    /** Longest wait for a started machine, s. Default 60 (requirements); emulation needs about 200. */
    bootSeconds: z.number().positive().default(60),
  });
export type VmConfig = z.infer<ReturnType<typeof vmSchema>>;

/** What of the config the driver reads. */
export interface VmSite {
  cidr: string;
  libvirtUri: string;
  vm?: VmConfig;
}

/** Libvirt URIs of the hypervisors by name; without any in the config the one at libvirtUri. */
export function hypervisorsOf({ vm, libvirtUri }: Pick<VmSite, "vm" | "libvirtUri">) {
  const named = vm?.hypervisors ?? {};
  return Object.keys(named).length > 0 ? named : { host: libvirtUri };
}

/** Rules of the driver's keys that span them. Those of addresses are checked with the other addresses. */
function checkVm(driver: string, site: Partial<VmSite>): string[] {
  // It was not valid by itself.
  if (!("vm" in site)) return [];
  const { cidr, vm } = site;
  if (driver !== "vm") {
    return vm === undefined ? [] : [`vm: allowed only with driver = "vm", not "${driver}"`];
  }
  if (vm === undefined) return ['vm is missing: driver = "vm" needs at least vm.image'];
  const faults: string[] = [];
  const { bridge, libvirtNetwork, gateway: out } = vm.network;
  if (out !== undefined && cidr !== undefined && !contains(cidr, out)) {
    faults.push(`vm.network.gateway = "${out}": must be inside ${cidr}`);
  }
  if (bridge !== undefined && libvirtNetwork !== undefined) {
    faults.push(`vm.network.libvirtNetwork = "${libvirtNetwork}": not together with bridge`);
  }
  const hypervisors = Object.entries(vm.hypervisors);
  if (hypervisors.length > 1 && bridge === undefined && libvirtNetwork === undefined) {
    faults.push(
      "vm.network: several hypervisors need a bridge or a libvirtNetwork that joins them; one that is made would not",
    );
  }
  const users = new Map<string, string>();
  for (const [name, address] of hypervisors) {
    const other = users.get(address);
    if (other !== undefined) {
      faults.push(`vm.hypervisors.${name} = "${address}": already ${other}; must be unique`);
    }
    users.set(address, name);
  }
  return faults;
}

/**
 * Where the machines reach a hypervisor's fence_virtd: as the config says, or at the address in its URI; this host is
 * the gateway of a network that is made on it. Undefined where none of these tells: names are no help, since a
 * controller must be able to fence when the name servers are gone.
 */
function fenceAddress(site: VmSite, hypervisor: string): string | undefined {
  const said = site.vm?.fenceAddresses[hypervisor];
  if (said !== undefined) return said;
  const { hostname } = new URL(hypervisorsOf(site)[hypervisor] ?? "");
  if (hostname !== "") return isIPv4(hostname) ? hostname : undefined;
  return site.vm?.network.bridge === undefined ? gateway(site.cidr) : undefined;
}

/** @throws where a config that was checked cannot lead */
export function fenceAddressOf(site: VmSite, hypervisor: string): string {
  const found = fenceAddress(site, hypervisor);
  if (found === undefined) throw new Error(`no address of hypervisor ${hypervisor} for fencing`);
  return found;
}

/** Libvirt URIs of hypervisors that can be set up from here. */
const FENCED_BY = /^qemu(\+unix|\+ssh)?:/;

/** Faults of how machines are fenced. */
function checkFencing(site: VmSite, fenced: HostedMachine[]): string[] {
  const { vm } = site;
  if (!vm) return [];
  const hypervisors = hypervisorsOf(site);
  const names = Object.keys(hypervisors);
  const unknown = Object.keys(vm.fenceAddresses)
    .filter((name) => !names.includes(name))
    .map((name) => `vm.fenceAddresses.${name}: no such hypervisor; allowed: ${names.join(", ")}`);
  const faults = Object.entries(hypervisors).flatMap(([name, uri]) => {
    const machine = fenced.find((m) => m.hypervisor === name)?.name;
    if (machine === undefined) return [];
    return [
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
    ];
  });
  return [...unknown, ...faults];
}

/** Virtual machines on hypervisors, by libvirt. */
export const vmPlan: DriverPlan = {
  settings: (tiers) => ({ vm: vmSchema(tiers).optional() }),
  check: (driver, config) => checkVm(driver, config),
  checkMachines: (config, fenced) => checkFencing(config as unknown as VmSite, fenced),
  hosting: (config) => {
    const site = config as unknown as VmSite;
    return {
      hypervisors: Object.keys(hypervisorsOf(site)),
      placement: site.vm?.placement ?? {},
      allowOnOneHypervisor: site.vm?.allowOnOneHypervisor ?? [],
    };
  },
  gateway: (config) => {
    const { cidr, vm } = config as unknown as VmSite;
    return vm?.network.gateway ?? gateway(cidr);
  },
  needsShareMachine: true,
  mountsHere: false,
};
