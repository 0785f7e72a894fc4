import * as path from "node:path";
import { local } from "@pulumi/command";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { renderKnownHosts } from "../../lib/ssh";
import type { MachineSpec } from "../../plan/machine";
import type { ReadyRequest } from "../../programs/ready";
import type { SeedRequest } from "../../programs/seed";
import type { SiteNetwork } from "../network";
import { domainName, type Ground, machineDirectory, removeIfEmpty } from "../place";
import { instanceId, type Identity, renderSeed } from "./cloudInit";
import type { HostKey } from "./hostKey";
import type { Hypervisors } from "./hypervisors";
import type { VmConfig } from "./settings";

/** What all VMs of a site have in common. */
export interface VmGround extends Ground {
  vm: VmConfig;
  hypervisors: Hypervisors;
  network: SiteNetwork;
}

export interface VmArgs {
  spec: MachineSpec;
  ground: VmGround;
  hostKey: HostKey;
  /** Known once a file system is served that the machine mounts. Default: it needs none. */
  served?: pulumi.Output<unknown>;
  /** Makes what must be done before the machine is switched off or made anew. @param why another one when it is about to be */
  relief: (why: pulumi.Output<string>) => pulumi.Resource;
}

/** What a started VM is known by. */
export interface Vm {
  /** Known once ssh answers. */
  address: pulumi.Output<string>;
  /** Another one after every power cycle that this program caused. */
  incarnation: pulumi.Output<string>;
}

const GIB = 1024 ** 3;
/** How much of the machine's code QEMU keeps translated when it emulates, MiB. Its default is 1024 for each machine. */
const TRANSLATED_MIB = 192;
/**
 * What libvirt's provider cannot say of a domain. Many a host's QEMU has no graphics, and the provider asks for SPICE
 * unless told otherwise: none.
 */
const domainXslt = (emulated: boolean): string => `<?xml version="1.0"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>
  <xsl:template match="graphics|video"/>
${
  emulated
    ? `  <xsl:template match="/domain/features">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <tcg><tb-cache unit="MiB">${TRANSLATED_MIB}</tb-cache></tcg>
    </xsl:copy>
  </xsl:template>
`
    : ""
}</xsl:stylesheet>
`;

/**
 * A VM: root disk over the image, seed for its first boot, data volume where the plan has one, and the domain.
 *
 * Provider 0.8.3 reports changes as done that it does not do, and deletes disks under running machines. So whatever
 * it would pass over replaces the domain instead (`replacementTrigger`, `replaceWith`), and a preview shows that.
 * Its CloudinitDisk hangs at times when several are made; the seed is an ordinary volume therefore.
 */
export function makeVm(name: string, args: VmArgs, parent: pulumi.Resource): Vm {
  const { spec, ground, hostKey } = args;
  const { place, vm, network } = ground;
  const { provider, base } = ground.hypervisors.host(spec.hypervisor);
  const volume = domainName(place, spec);

  const root = new libvirt.Volume(
    `${volume}-root`,
    { pool: vm.pool, baseVolumeId: base.id, size: spec.diskGiB * GIB, format: "qcow2" },
    {
      parent,
      provider,
      // A new image is for new machines; others follow it only when they are told to.
      ignoreChanges: vm.followImage.includes(spec.tier) ? [] : ["baseVolumeId"],
    },
  );
  const data = dataVolume(`${volume}-data`, spec, vm.dataPool ?? vm.pool, { parent, provider });
  const identity = hostKey.publicKey.apply((publicKey): Identity => ({
    hostname: spec.name,
    mac: spec.mac,
    address: spec.address,
    prefixLength: ground.prefixLength,
    gateway: ground.gateway,
    nameservers: vm.network.nameservers,
    interface: ground.interface,
    hostKey: publicKey,
  }));
  const seed = seedVolume(name, volume, args, identity, {
    parent,
    provider,
    // With the first boot from a new disk the keys of now.
    replaceWith: [root],
  });
  const networkInterface = {
    mac: spec.mac,
    ...(vm.network.bridge === undefined
      ? { networkName: network.name }
      : { bridge: vm.network.bridge }),
  };

  const parts = [root, seed, ...(data ? [data] : [])];
  const size = { memory: spec.memoryMiB, vcpu: spec.vcpus };
  const why = pulumi.jsonStringify([parts.map(({ id }) => id), size, networkInterface]);
  const domain = new libvirt.Domain(
    `${name}-domain`,
    {
      name: volume,
      type: vm.accelerator,
      ...size,
      ...(vm.accelerator === "kvm" ? { cpu: { mode: "host-passthrough" } } : {}),
      disks: [root, ...(data ? [data] : []), seed].map(({ id }) => ({ volumeId: id })),
      networkInterfaces: [networkInterface],
      consoles: [{ type: "pty", targetType: "serial", targetPort: "0" }],
      autostart: true,
      running: true,
      xml: { xslt: domainXslt(vm.accelerator === "qemu") },
    },
    {
      parent,
      provider,
      dependsOn: args.relief(why),
      // Name, address and MAC are the machine's own: two of it cannot be.
      deleteBeforeReplace: true,
      replaceWith: [...parts, ...(network.resource ? [network.resource] : [])],
      replacementTrigger: pulumi.jsonStringify(networkInterface),
    },
  );
  return { ...readiness(name, args, domain, parent), incarnation: domain.id };
}

/** Keeps its content whatever happens to the machine, the stack or the state. */
function dataVolume(
  name: string,
  spec: MachineSpec,
  pool: string,
  opts: pulumi.CustomResourceOptions,
): libvirt.Volume | undefined {
  if (spec.dataGiB === undefined) return undefined;
  return new libvirt.Volume(
    name,
    // A fixed name: with a lost state, creating it again finds the volume that is there, and its data.
    { name: `${name}.qcow2`, pool, size: spec.dataGiB * GIB, format: "qcow2" },
    { ...opts, protect: true, retainOnDelete: true },
  );
}

/** The disk from which cloud-init learns who the machine is. */
function seedVolume(
  name: string,
  volume: string,
  { spec, ground, hostKey }: VmArgs,
  identity: pulumi.Output<Identity>,
  opts: pulumi.CustomResourceOptions,
): libvirt.Volume {
  const file = `${machineDirectory(ground.place, spec.name)}-seed.qcow2`;
  const make = "node --import tsx programs/seed.ts";
  const image = new local.Command(
    `${name}-seed`,
    {
      create: make,
      update: make,
      delete: `rm -f "${file}" && ${removeIfEmpty(path.dirname(file))}`,
      stdin: pulumi
        .secret(pulumi.all([identity, hostKey.privateKey]))
        .apply(([known, privateKey]) =>
          JSON.stringify({
            ...renderSeed(known, privateKey, ground.place.authorizedKeys),
            file,
          } satisfies SeedRequest),
        ),
      addPreviousOutputInEnv: false,
    },
    // The path is this machine's; the content is compared by the volume's trigger.
    { parent: opts.parent },
  );
  return new libvirt.Volume(
    `${volume}-seed`,
    { pool: ground.vm.pool, source: image.id.apply(() => file), format: "qcow2" },
    { ...opts, ignoreChanges: ["source"], replacementTrigger: identity.apply(instanceId) },
  );
}

/** The address, once the machine has booted. */
function readiness(
  name: string,
  { spec, ground, hostKey, served }: VmArgs,
  domain: libvirt.Domain,
  parent: pulumi.Resource,
): Pick<Vm, "address"> {
  const script = "node --import tsx programs/ready.ts";
  const ready = new local.Command(
    `${name}-ready`,
    {
      create: script,
      update: script,
      environment: { INCARNATION: domain.id },
      // What it mounts must be served by then.
      stdin: pulumi
        .all([hostKey.publicKey, served])
        .apply(([publicKey]) => JSON.stringify(readyRequest(ground, spec, publicKey))),
      addPreviousOutputInEnv: false,
    },
    { parent },
  );
  return { address: ready.id.apply(() => spec.address) };
}

/** How to know that a machine has booted. */
export const readyRequest = (
  { place, vm }: Pick<VmGround, "place" | "vm">,
  spec: MachineSpec,
  hostKey: string,
): ReadyRequest => ({
  name: spec.name,
  address: spec.address,
  knownHosts: renderKnownHosts([{ ...spec, hostKey }]),
  sshKeyFile: place.sshKeyFile,
  bootSeconds: vm.bootSeconds,
});
