import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { gateway } from "../addresses";
import type { Site } from "../site";
import type { MachineSpec } from "../topology";
import { Container } from "./container";
import { domainName, imagePath, machineDirectory } from "./paths";
import type { StateShare } from "./stateShare";

export interface MachineArgs {
  /** The planned machine. */
  spec: MachineSpec;
  site: Site;
  /** File system that it shares with other machines. Default: none. */
  share?: StateShare;
}

/**
 * One machine that answers on ssh with a known host key. It is the only place that knows the driver;
 * its outputs are the same for all of them.
 */
export class Machine extends pulumi.ComponentResource {
  readonly spec: MachineSpec;
  /** Address, known once ssh answers: depend on it to run after the boot. */
  readonly address: pulumi.Output<string>;
  /** Public ssh host key (`ssh-ed25519 AAAA…`), fixed before the first boot. */
  readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Machine", name, {}, opts);
    const { spec, site } = args;
    this.spec = spec;
    if (site.config.driver !== "container") {
      throw new Error(
        `driver = "${site.config.driver}": machines of this kind are not available yet; allowed: container`,
      );
    }
    const guest = new Container(
      `${name}-container`,
      {
        domain: domainName(site, spec),
        hostname: spec.name,
        address: spec.address,
        prefixLength: site.topology.prefixLength,
        gateway: gateway(site.config.cidr),
        interface: site.config.interface,
        mac: spec.mac,
        vcpus: spec.vcpus,
        memoryMiB: spec.memoryMiB,
        network: site.network,
        image: imagePath(site.home),
        directory: machineDirectory(site, spec.name),
        authorizedKey: readFileSync(`${site.sshKeyFile}.pub`, "utf8").trim(),
        mounts: args.share ? [{ source: args.share.source, target: args.share.target }] : [],
      },
      // A new image is for new machines only; replacing running ones is never a side effect.
      { parent: this, ignoreChanges: ["image"] },
    );
    this.address = guest.address;
    this.hostKey = guest.hostKey;
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }
}
