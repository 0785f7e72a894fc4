import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { gateway } from "../plan/addresses";
import type { Site } from "../components/site";
import type { MachineSpec } from "../plan/topology";
import { Container } from "./container/container";
import { HostKey } from "./vm/hostKey";
import { domainName, imagePath, machineDirectory } from "./paths";
import type { StateShare } from "../components/share";
import { makeVm } from "./vm/vm";

export interface MachineArgs {
  /** The planned machine. */
  spec: MachineSpec;
  site: Site;
  /** File system that it shares with other machines. Default: none. */
  share?: StateShare;
  /** Its ssh host key, for drivers that make it beforehand. Default: one of its own. */
  hostKey?: HostKey;
  /** What must be done before this machine may be stopped for a change. Default: nothing. */
  after?: pulumi.Resource[];
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
  /** Another one when the machine was made anew: a reason to configure it again. */
  readonly incarnation: pulumi.Output<string>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Machine", name, {}, opts);
    const { spec, site, share } = args;
    this.spec = spec;
    if (site.config.driver === "vm") {
      const hostKey = args.hostKey ?? new HostKey(`${name}-hostkey`, spec.name, { parent: this });
      const vm = makeVm(
        name,
        {
          spec,
          site,
          hostKey,
          mounts: share?.served ? [share.served] : [],
          after: args.after ?? [],
        },
        this,
      );
      this.address = vm.address;
      this.hostKey = hostKey.publicKey;
      this.incarnation = vm.incarnation;
    } else {
      const guest = this.container(name, args);
      this.address = guest.address;
      this.hostKey = guest.hostKey;
      // A container that is made anew has another key.
      this.incarnation = guest.hostKey;
    }
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }

  private container(name: string, { spec, site, share }: MachineArgs): Container {
    return new Container(
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
        network: site.network.name,
        image: imagePath(site.home),
        directory: machineDirectory(site, spec.name),
        authorizedKey: readFileSync(`${site.sshKeyFile}.pub`, "utf8").trim(),
        mounts: share?.directory ? [share.directory] : [],
      },
      // A new image is for new machines only; replacing running ones is never a side effect.
      { parent: this, ignoreChanges: ["image"] },
    );
  }
}
