import { z } from "zod";
import { SPREAD_ROLES } from "./placement";

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

/** Roles whose root disks can be made anew. The state share's machine is among them: its data volume stays. */
const RENEWABLE = [...SPREAD_ROLES, "compute", "login", "web", "share"] as const;

/** What only machines of the `vm` driver need. */
export const vmSchema = z.strictObject({
  /** Hypervisors by name: libvirt URIs, `qemu+ssh://root@host/system` too. Default: one, at libvirtUri. */
  hypervisors: z.record(label, uri).default({}),
  /** Hypervisor of a machine, by name, where the planned one is not wanted. */
  placement: z.record(z.string(), z.string()).default({}),
  /** Sets that may lose more members with one hypervisor than they need to. Default: none. */
  allowOnOneHypervisor: z.array(z.enum(SPREAD_ROLES)).default([]),
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
  /** Roles whose machines are made anew, one at a time, when `image` changes. Default: none. */
  followImage: z.array(z.enum(RENEWABLE)).default([]),
  /** Libvirt storage pool of every hypervisor for root disks. Default: libvirt's own. */
  pool: object.default("default"),
  /** Pool of data volumes, on redundant disks. Default: the same. */
  dataPool: object.optional(),
  /** Libvirt's domain type: kvm, or qemu (emulation, many times slower). Default kvm. */
  accelerator: z.enum(["kvm", "qemu"]).default("kvm"),
  /** Longest wait for a started machine, s. Default 60 (requirements); emulation needs about 200. */
  bootSeconds: z.number().positive().default(60),
});
export type VmConfig = z.infer<typeof vmSchema>;

/** Rules of the `vm` driver that span keys. Those of addresses are checked with the other addresses. */
export function checkVm(driver: string, vm: VmConfig | undefined): string[] {
  if (driver !== "vm") {
    return vm === undefined ? [] : [`vm: allowed only with driver = "vm", not "${driver}"`];
  }
  if (vm === undefined) return ['vm is missing: driver = "vm" needs at least vm.image'];
  const faults: string[] = [];
  const { bridge, libvirtNetwork } = vm.network;
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
