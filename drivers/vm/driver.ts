import { existsSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import { fenceServiceName, localUri, sshOf } from "../../programs/fenceService";
import type { Driver, MachineSet, SetArgs } from "../driver";
import type { FenceHost } from "../fencing";
import { Machine } from "../machine";
import { SiteNetwork } from "../network";
import { readDiskRecord } from "./diskRecord";
import { HostKey } from "./hostKey";
import { Hypervisors } from "./hypervisors";
import { fenceAddressOf, hypervisorsOf } from "./settings";
import { makeVm, readyRequest, type VmGround } from "./vm";

/** There where systemd is the init system: a service outlives a reboot. */
const SYSTEMD = "/run/systemd/system";

/** Virtual machines on one or several hypervisors. @param packages Debian packages that each must have */
export function vms(
  name: string,
  site: Omit<VmGround, "hypervisors" | "network">,
  packages: string[],
): Driver {
  const { place, cidr, libvirtUri, vm } = site;
  const uris = hypervisorsOf({ vm, libvirtUri });
  const hypervisors = new Hypervisors("host", { uris, vm, home: place.home });
  const { bridge, libvirtNetwork, nameservers, timeServers } = vm.network;
  const network = new SiteNetwork(name, {
    cidr,
    libvirtUri,
    existing: bridge === undefined ? libvirtNetwork : "",
    networkName: place.prefix,
    provider: hypervisors.first,
  });
  const ground = { ...site, hypervisors, network };
  const disk = readDiskRecord(place.home);
  return {
    set: (set, args, opts) => oneByOne(set, args, ground, opts),
    fenceHosts: (fencing, specs) =>
      Object.entries(uris).flatMap(([host, uri]): FenceHost[] => {
        const here = specs.filter((spec) => spec.hypervisor === host);
        if (here.length === 0) return [];
        const ssh = sshOf(uri);
        const service = { name: fenceServiceName(place.prefix, host), ssh };
        return [
          {
            name: `${fencing}-${host}`,
            uri: localUri(uri),
            address: fenceAddressOf(site, host),
            specs: here,
            ...(ssh.length > 0 || existsSync(SYSTEMD) ? { service } : {}),
          },
        ];
      }),
    networkName: network.resource ? network.name : "",
    layers: false,
    ...(disk?.sha512 === vm.image.sha512 && {
      image: { built: disk.built, releases: disk.releases ?? [] },
    }),
    base: { nameservers, timeServers, packages },
  };
}

function oneByOne(
  set: string,
  { specs, share, gate, relief, formerly }: SetArgs,
  ground: VmGround,
  opts: pulumi.ComponentResourceOptions,
): MachineSet {
  const as = (alias?: pulumi.Alias) => ({ ...opts, ...(alias && { aliases: [alias] }) });
  const keys = specs.map(
    (spec) => new HostKey(`${set}-${spec.name}-hostkey`, spec.name, as(formerly?.hostKey)),
  );
  const members = specs.map((spec, i) => ({ spec, hostKey: (keys[i] as HostKey).publicKey }));
  const gates: pulumi.Resource[] = [];
  const machines = specs.map((spec, i) => {
    const name = `${set}-${spec.name}`;
    const hostKey = keys[i] as HostKey;
    const before = gates.at(-1) ?? share?.gate;
    const machine = new Machine(
      name,
      spec,
      (parent) => ({
        ...makeVm(
          name,
          {
            spec,
            hostKey,
            ground,
            served: share?.served,
            relief: (why) =>
              relief({ name, machine: spec, members, why, after: before ? [before] : [] }),
          },
          parent,
        ),
        hostKey: hostKey.publicKey,
      }),
      as(formerly?.machine),
    );
    const ready = (key: string) => readyRequest(ground, spec, key);
    gates.push(gate({ name, machine, members, ready }));
    return machine;
  });
  return { machines, gates };
}
