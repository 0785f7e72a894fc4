import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SharedFiles } from "../../drivers/driver";
import type { Machine } from "../../drivers/machine";
import { machineDirectory, removeIfEmpty } from "../../drivers/place";
import type { NetworkMount } from "../../plan/mount";
import { formerly, OLD } from "../aliases";
import type { Fleet } from "../ansible";
import { machineSet } from "../machineSet";
import type { MachineSpec } from "../tiers";
import { DIRECTORY, shareVars } from "./vars";

export interface ShareArgs {
  fleet: Fleet;
  /** The machine that serves it; none where machines share a directory of their host. */
  specs: MachineSpec[];
  /** Addresses that may mount it, and no others. */
  clients: string[];
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

/** Name of the host's directory: where stacks have had it from the first day on. */
const HOST_DIRECTORY = "slurm-share";

/**
 * A file system that several machines share: the state of the Slurm controllers. Where machines can share a directory
 * of the host it is that, removed when the share itself is, at the latest by a destroy of the stack; else a machine of
 * its own serves its data volume. It outlives the machines that use it.
 */
export class Share extends pulumi.ComponentResource implements SharedFiles {
  readonly machines: Machine[];
  readonly directory?: { source: pulumi.Output<string>; target: string };
  readonly mount?: NetworkMount;
  readonly served?: pulumi.Output<unknown>;
  readonly gate?: pulumi.Resource;

  constructor(name: string, args: ShareArgs, opts?: pulumi.ComponentResourceOptions) {
    const { fleet, specs, clients, target } = args;
    const old = [OLD.masters, OLD.stateShare];
    const aliases = [
      formerly(OLD.stateShare, "slurm-share", { types: [OLD.masters], name: "slurm" }),
      formerly(OLD.nfs, "slurm-share-nfs", { types: old, name: "slurm-share" }),
    ];
    super("hpc-ha:share:Share", name, { clients }, { aliases, ...opts });
    const vars = shareVars(clients);
    const set = machineSet(name, { fleet, tier: "share", specs, vars }, { parent: this });
    this.machines = set.machines;
    const [spec] = specs;
    if (spec) {
      const source = `${spec.address}:${DIRECTORY}`;
      this.mount = { source, target, options: MOUNT_OPTIONS };
      this.served = set.ready;
      this.gate = set.gate;
    } else {
      const directory = machineDirectory(fleet.place, HOST_DIRECTORY);
      const made = new local.Command(
        `${name}-directory`,
        {
          // Slurm's user must get in, whatever the umask of who runs this.
          create: `mkdir -p "${directory}" && chmod 755 "${directory}"`,
          delete: `rm -rf "${directory}" && ${removeIfEmpty(path.dirname(directory))}`,
        },
        { parent: this },
      );
      this.directory = { source: made.id.apply(() => directory), target };
    }
    this.registerOutputs();
  }
}
