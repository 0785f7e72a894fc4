import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "../site";
import { machineDirectory, removeIfEmpty } from "./paths";

export interface StateShareArgs {
  site: Site;
  /** Where the machines that have it see it. */
  target: string;
}

/**
 * A file system that several machines share: the state of the Slurm controllers. With the container driver it is a
 * directory of the host. It outlives the machines that use it, and is removed only when it is itself, at the
 * latest by a destroy of the stack.
 */
export class StateShare extends pulumi.ComponentResource {
  /** Directory of the host, known once it exists. */
  readonly source: pulumi.Output<string>;
  readonly target: string;

  constructor(name: string, args: StateShareArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:StateShare", name, {}, opts);
    const directory = machineDirectory(args.site, name);
    const made = new local.Command(
      `${name}-directory`,
      {
        create: `mkdir -p "${directory}"`,
        delete: `rm -rf "${directory}" && ${removeIfEmpty(path.dirname(directory))}`,
      },
      { parent: this },
    );
    this.source = made.id.apply(() => directory);
    this.target = args.target;
    this.registerOutputs({ source: this.source });
  }
}
