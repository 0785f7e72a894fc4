import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import { formerly, OLD } from "../aliases";
import type { ComputeArgs } from "../compute";
import { mountVars } from "../compute/mounts";
import { machineSet } from "../machineSet";
import { slurmVars } from "../slurm";

/** The machine from which users submit jobs, where the site has one. */
export class Login extends pulumi.ComponentResource {
  readonly machines: Machine[];

  constructor(name: string, args: ComputeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:login:Login", name, {}, opts);
    const { fleet, specs, cluster, mounts, controllers } = args;
    const vars = pulumi
      .secret(controllers.mungeKey)
      .apply((key) => ({ ...slurmVars(cluster, key), ...mountVars(mounts, "login") }));
    const old = { types: [OLD.compute], name: "compute" };
    const machine = "compute-client";
    const set = machineSet(
      name,
      {
        fleet,
        tier: "login",
        specs,
        vars,
        after: [controllers.ready],
        formerly: {
          machine: formerly(OLD.machine, machine, old),
          hostKey: formerly(OLD.hostKey, `${machine}-hostkey`, {
            types: [OLD.compute, OLD.machine],
            name: machine,
          }),
        },
      },
      { parent: this },
    );
    this.machines = set.machines;
    this.registerOutputs();
  }
}
