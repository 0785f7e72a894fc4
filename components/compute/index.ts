import * as pulumi from "@pulumi/pulumi";
import { AnsibleRun } from "../ansible";
import { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import type { Site } from "../site";
import { slurmVars, type SlurmMasters } from "../controllers";

export interface SlurmComputeArgs {
  site: Site;
  /** The controllers that the nodes report to. */
  masters: SlurmMasters;
}

/** The compute nodes, and the login machine `client` from which users submit. */
export class SlurmCompute extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Closing line of the Ansible run: the controller counts on every node. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: SlurmComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:slurm:SlurmCompute", name, {}, opts);
    const { site, masters } = args;
    const vars = pulumi.secret(masters.mungeKey).apply((mungeKey) => slurmVars(site, mungeKey));
    const playbook = "compute.yml";
    const { machines: compute, gates } = machineSet(
      name,
      {
        site,
        specs: site.topology.machines["compute"],
        group: "compute",
        playbook,
        vars,
      },
      { parent: this },
    );
    const client = site.topology.machines.login.map(
      (spec) => new Machine(`${name}-${spec.name}`, { spec, site }, { parent: this }),
    );
    this.machines = [...compute, ...client];
    const run = new AnsibleRun(
      `${name}-config`,
      {
        site,
        playbook,
        groups: { compute },
        after: gates.at(-1),
        vars: pulumi.all([vars, masters.ready]).apply(([plain]) => plain),
      },
      { parent: this },
    );
    if (client.length > 0) {
      new AnsibleRun(
        `${name}-login-config`,
        {
          site,
          playbook: "login.yml",
          groups: { login: client },
          vars: pulumi.all([vars, masters.ready]).apply(([plain]) => plain),
        },
        { parent: this },
      );
    }
    this.ready = run.recap;
    this.registerOutputs({ ready: this.ready });
  }
}
