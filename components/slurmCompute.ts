import * as pulumi from "@pulumi/pulumi";
import { AnsibleRun } from "./ansible";
import { Machine } from "./machine";
import type { Site } from "./site";
import { slurmVars, type SlurmMasters } from "./slurmMasters";

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
    const make = (role: "slurm-compute" | "client") =>
      site.topology.machines[role].map(
        (spec) => new Machine(`${name}-${spec.name}`, { spec, site }, { parent: this }),
      );
    const compute = make("slurm-compute");
    const client = make("client");
    this.machines = [...compute, ...client];
    const run = new AnsibleRun(
      `${name}-config`,
      {
        site,
        playbook: "slurm-nodes.yml",
        groups: { slurm_compute: compute, client },
        vars: pulumi
          .secret(pulumi.all([masters.mungeKey, masters.ready]))
          .apply(([mungeKey]) => slurmVars(site, mungeKey)),
      },
      { parent: this },
    );
    this.ready = run.recap;
    this.registerOutputs({ ready: this.ready });
  }
}
