import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { MachineSpec } from "../plan/machine";
import type { FenceConfiguration } from "../programs/fenceConfiguration";
import type { FenceServiceRequest } from "../programs/fenceService";
import { FenceDaemon } from "./container/fenceDaemon";
import { domainName, machineDirectory, type Place } from "./place";

/** One host whose machines are switched off by a fence_virtd on it. */
export interface FenceHost {
  /** Name of what is made for it. */
  name: string;
  /** Libvirt URI of the machines, as seen on the host itself. */
  uri: string;
  /** Address at which the machines reach it. */
  address: string;
  /** Machines on it. */
  specs: MachineSpec[];
  /** Its systemd service, and ssh with the arguments that reach the host (none: this one). Default: a process of this host. */
  service?: { name: string; ssh: string[] };
}

export interface FencingArgs {
  place: Place;
  /** Machines of one set: each may switch off the others, and nobody else may. */
  machines: MachineSpec[];
  /** Where they are. */
  hosts: FenceHost[];
  /** TCP port of fence_virtd. */
  port: number;
  /** Network that has the hosts' address: it must be there before. Empty where it is not made here. */
  networkName: pulumi.Input<string>;
}

/** Where a machine is switched off: fence_virtd of its hypervisor, and libvirt's name of it. */
export interface FenceTarget {
  machine: string;
  address: string;
  port: number;
  domain: string;
}

/**
 * Lets the members of a set switch each other off through their hypervisors, by a fence_virtd on each: it takes signed
 * requests from the members' addresses only, and for the members' machines on it only.
 */
export class Fencing extends pulumi.ComponentResource {
  /** Text that requests are signed with. Secret. */
  readonly key: pulumi.Output<string>;
  /** For each machine; known once the daemon answers. */
  readonly targets: pulumi.Output<FenceTarget[]>;

  constructor(name: string, args: FencingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Fencing", name, {}, opts);
    const { place, machines, port } = args;
    this.key = new random.RandomBytes(`${name}-key`, { length: 64 }, { parent: this }).base64;
    const targets = args.hosts.flatMap((host) => {
      const daemon = {
        uri: host.uri,
        address: host.address,
        port,
        sources: machines.map((spec) => spec.address),
        domains: host.specs.map((spec) => domainName(place, spec)),
      };
      const started = this.daemon(host, args, daemon);
      return host.specs.map((spec) =>
        started.apply(() => ({
          machine: spec.name,
          address: host.address,
          port,
          domain: domainName(place, spec),
        })),
      );
    });
    this.targets = pulumi.all(targets);
    this.registerOutputs({ targets: this.targets });
  }

  /** fence_virtd of one host; known once it answers. */
  private daemon(
    { name, service }: FenceHost,
    { place, networkName }: FencingArgs,
    daemon: FenceConfiguration,
  ): pulumi.Output<string> {
    if (!service) {
      const directory = machineDirectory(place, name);
      return new FenceDaemon(
        `${name}-daemon`,
        { ...daemon, directory, key: this.key, network: networkName },
        { parent: this },
      ).id;
    }
    const script = "node --import tsx programs/fenceService.ts";
    return new local.Command(
      `${name}-service`,
      {
        create: `${script} apply`,
        update: `${script} apply`,
        delete: `${script} remove`,
        stdin: pulumi
          .secret(this.key)
          .apply((key) =>
            JSON.stringify({ ...daemon, ...service, key } satisfies FenceServiceRequest),
          ),
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    ).id;
  }
}
