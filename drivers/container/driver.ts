import { existsSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { MachineSpec } from "../../plan/machine";
import type { Driver, SetArgs } from "../driver";
import { Machine } from "../machine";
import { SiteNetwork } from "../network";
import { domainName, type Ground, imageBuilt, imagePath, machineDirectory } from "../place";
import { Container } from "./container";

const POWER = ["node", "--import", "tsx", "drivers/container/powerProgram.ts"];

/** Libvirt LXC containers of this host, over one root file system. */
export function containers(name: string, site: Ground): Driver {
  const { place, cidr, libvirtUri } = site;
  const network = new SiteNetwork(name, { cidr, libvirtUri, networkName: place.prefix });
  const built = imageBuilt(place.home, site.image);
  return {
    // All are made over one image, and a change stops and starts them: none is ever made anew.
    set: (set, { specs, formerly, ...args }, opts) => ({
      machines: specs.map(
        (spec) =>
          new Machine(
            `${set}-${spec.name}`,
            spec,
            (parent) => made(`${set}-${spec.name}`, spec, site, network, args, parent),
            { ...opts, ...(formerly && { aliases: [formerly.machine] }) },
          ),
      ),
      gates: [],
    }),
    fenceHosts: (fencing, specs) => [
      { name: fencing, uri: "lxc:///system", address: site.gateway, specs },
    ],
    networkName: network.name,
    layers: true,
    ...(built !== undefined && { image: { built, releases: [] } }),
    base: { nameservers: [], timeServers: [], packages: [] },
  };
}

function made(
  name: string,
  spec: MachineSpec,
  site: Ground,
  network: SiteNetwork,
  { share, layer }: Pick<SetArgs, "share" | "layer">,
  parent: pulumi.Resource,
) {
  const { place } = site;
  const image = imagePath(place.home, site.image);
  const { address, hostKey } = new Container(
    `${name}-container`,
    {
      domain: domainName(place, spec),
      hostname: spec.name,
      address: spec.address,
      prefixLength: site.prefixLength,
      gateway: site.gateway,
      interface: site.interface,
      mac: spec.mac,
      vcpus: spec.vcpus,
      memoryMiB: spec.memoryMiB,
      network: network.name,
      // One that somebody removed is no reason to make no machine: it is sent what was in it.
      image: pulumi
        .output(layer)
        .apply((over) => (over !== undefined && existsSync(over) ? `${over}:${image}` : image)),
      directory: machineDirectory(place, spec.name),
      authorizedKey: place.authorizedKeys.join("\n"),
      mounts: share?.directory ? [share.directory] : [],
    },
    // A new image is for new machines only; replacing running ones is never a side effect.
    { parent, ignoreChanges: ["image"] },
  );
  return {
    address,
    hostKey,
    // A container that is made anew has another key.
    incarnation: hostKey.apply((key) => `${key} ${spec.vcpus} ${spec.memoryMiB}`),
    power: [...POWER, domainName(place, spec), spec.address],
  };
}
