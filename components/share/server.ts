import * as pulumi from "@pulumi/pulumi";
import { AnsibleRun } from "../ansible";
import type { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import type { Site } from "../site";

/** What the server exports (requirements). */
const DIRECTORY = "/slurm_shared";
/** The second disk of the plan's machine: root is the first. */
const DEVICE = "/dev/vdb";

export interface NfsServerArgs {
  site: Site;
  /** Addresses that may mount it, and no others. */
  clients: string[];
}

/** The machine with the state share: a file system on its data volume, exported to single machines. */
export class NfsServer extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Passed when it serves again, if a change made it anew. */
  readonly gate: pulumi.Resource | undefined;
  /** What clients mount: `address:directory`. */
  readonly source: string;
  /** Closing line of the Ansible run: it is exported. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: NfsServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { site, clients } = args;
    super("hpc-ha:nfs:NfsServer", name, { clients }, opts);
    const [spec] = site.topology.machines["share"];
    if (!spec) throw new Error("the plan has no machine for the state share");
    const playbook = "share.yml";
    const vars = {
      share_device: DEVICE,
      share_directory: DIRECTORY,
      share_clients: clients,
    };
    const { machines, gates } = machineSet(
      name,
      { site, specs: [spec], group: "share", playbook, vars },
      { parent: this },
    );
    this.machines = machines;
    this.gate = gates.at(-1);
    const run = new AnsibleRun(
      `${name}-config`,
      { site, playbook, groups: { share: machines }, after: gates.at(-1), vars },
      { parent: this },
    );
    this.source = `${spec.address}:${DIRECTORY}`;
    this.ready = run.recap;
    this.registerOutputs({ source: this.source, ready: this.ready });
  }
}
