import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import { formerly, OLD } from "../aliases";
import type { Fleet } from "../ansible";
import { machineSet } from "../machineSet";
import { type SlurmSettings, slurmVars } from "../slurm";
import type { MachineSpec } from "../tiers";
import { type Mount, mountVars } from "./mounts";

export interface ComputeArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  cluster: SlurmSettings;
  /** File systems that they mount. */
  mounts: Mount[];
  /** The controllers that the nodes report to: their munge key, and when they answer. */
  controllers: { mungeKey: pulumi.Output<string>; ready: pulumi.Output<string> };
}

/** The compute nodes. */
export class Compute extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Closing line of the Ansible run: the controller counts on every node. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: ComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [formerly(OLD.compute, name)];
    super("hpc-ha:compute:Compute", name, {}, { aliases, ...opts });
    const { fleet, specs, cluster, mounts, controllers } = args;
    const vars = pulumi.secret(controllers.mungeKey).apply((key) => ({
      ...slurmVars(cluster, key),
      slurm_node_login: cluster.slurm.nodeLogin,
      ...mountVars(mounts, "compute"),
    }));
    const set = machineSet(
      name,
      { fleet, tier: "compute", specs, vars, after: [controllers.ready] },
      { parent: this },
    );
    this.machines = set.machines;
    this.ready = set.ready;
    this.registerOutputs({ ready: this.ready });
  }
}
