import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { NfsServer } from "./server";
import type { Site } from "../site";
import type { Machine } from "../../drivers/machine";
import { machineDirectory, removeIfEmpty } from "../../drivers/paths";
import type { NetworkMount } from "../../programs/ready";

export interface StateShareArgs {
  site: Site;
  /** Where the machines that have it see it. */
  target: string;
}

/**
 * What the controllers mount with. The state must never be half written because a server was away for a moment
 * (hard), and each must see at once what the other wrote: heartbeats and claims of the state are files (no cache of
 * attributes or names).
 */
const MOUNT_OPTIONS =
  "vers=4.2,proto=tcp,hard,timeo=50,retrans=2,actimeo=0,lookupcache=none,noatime";

/**
 * A file system that several machines share: the state of the Slurm controllers. With the container driver it is a
 * directory of the host, removed when the share itself is, at the latest by a destroy of the stack; with VMs a
 * machine of its own that serves its data volume. It outlives the machines that use it.
 */
export class StateShare extends pulumi.ComponentResource {
  /** Directory of the host, known once it exists; only for containers. */
  readonly directory?: pulumi.Input<{ source: pulumi.Output<string>; target: string }>;
  /** What VMs mount. */
  readonly mount?: NetworkMount;
  /** The same, known once it is served. */
  readonly served?: pulumi.Output<NetworkMount>;
  /** Passed when a server that a change made anew serves again: only then may who uses it be switched off. */
  readonly gate: pulumi.Resource | undefined;
  /** Machines that it is made of. */
  readonly machines: Machine[];

  constructor(name: string, args: StateShareArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:StateShare", name, {}, opts);
    const { site, target } = args;
    if (site.config.driver === "vm") {
      const controllers = site.topology.machines["controllers"];
      const server = new NfsServer(
        `${name}-nfs`,
        { site, clients: controllers.map((c) => c.address) },
        { parent: this },
      );
      this.machines = server.machines;
      this.gate = server.gate;
      const mount = { source: server.source, target, options: MOUNT_OPTIONS };
      this.mount = mount;
      this.served = server.ready.apply(() => mount);
    } else {
      this.machines = [];
      this.directory = { source: this.hostDirectory(name, site), target };
    }
    this.registerOutputs();
  }

  private hostDirectory(name: string, site: Site): pulumi.Output<string> {
    const directory = machineDirectory(site, name);
    const made = new local.Command(
      `${name}-directory`,
      {
        create: `mkdir -p "${directory}"`,
        delete: `rm -rf "${directory}" && ${removeIfEmpty(path.dirname(directory))}`,
      },
      { parent: this },
    );
    return made.id.apply(() => directory);
  }
}
