import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { gateway } from "../addresses";
import type { Site } from "../site";
import { hypervisorsOf, type MachineSpec } from "../topology";
import { FenceDaemon } from "./fenceDaemon";
import { domainName, machineDirectory } from "./paths";

export interface FencingArgs {
  site: Site;
  /** Machines of one set: each may switch off the others, and nobody else may. */
  machines: MachineSpec[];
}

/** Where a machine is switched off: fence_virtd of its hypervisor, and libvirt's name of it. */
export interface FenceTarget {
  machine: string;
  address: string;
  port: number;
  domain: string;
}

/**
 * Lets the members of a set switch each other off through their hypervisor, by fence_virtd: it takes signed
 * requests from the members' addresses only, and for the members' machines only.
 */
export class Fencing extends pulumi.ComponentResource {
  /** Text that requests are signed with. Secret. */
  readonly key: pulumi.Output<string>;
  /** For each machine; known once the daemon answers. */
  readonly targets: pulumi.Output<FenceTarget[]>;

  constructor(name: string, args: FencingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Fencing", name, {}, opts);
    const { site, machines } = args;
    const port = site.config.ports.fence;
    this.key = new random.RandomBytes(`${name}-key`, { length: 64 }, { parent: this }).base64;
    const directory = machineDirectory(site, name);
    const address = gateway(site.config.cidr);
    const hypervisors = hypervisorsOf(site.config);
    const targets = machines.map((spec) => ({
      machine: spec.name,
      // A hypervisor that is this host is the gateway of the network that is made on it.
      address: new URL(hypervisors[spec.hypervisor] ?? "").hostname || address,
      port,
      domain: domainName(site, spec),
    }));
    if (site.config.driver === "vm") {
      // The daemon of another host is its administrator's (docs/production.md).
      this.targets = pulumi.output(targets);
      this.registerOutputs({ targets: this.targets });
      return;
    }
    const daemon = new FenceDaemon(
      `${name}-daemon`,
      {
        directory,
        key: this.key,
        address,
        port,
        sources: machines.map((spec) => spec.address),
        domains: targets.map((t) => t.domain),
        network: site.network.name,
      },
      { parent: this },
    );
    this.targets = daemon.id.apply(() => targets);
    this.registerOutputs({ targets: this.targets });
  }
}
