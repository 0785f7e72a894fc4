import * as pulumi from "@pulumi/pulumi";
import type { Fleet } from "../../../components/ansible";
import { machineSet } from "../../../components/machineSet";
import type { MachineSpec, TierName } from "../../../components/tiers";
import type { Machine } from "../../../drivers/machine";

export interface ScratchArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  greeting: string;
}

/** The example tier's component. */
export class Scratch extends pulumi.ComponentResource {
  readonly machines: Machine[];

  constructor(name: string, { fleet, specs, greeting }: ScratchArgs) {
    super("hpc-ha:scratch:Scratch", name);
    const vars = { scratch_greeting: greeting };
    // Its name is one of the list's where the tier is in the list.
    const tier = "scratch" as TierName;
    this.machines = machineSet(name, { fleet, tier, specs, vars }, { parent: this }).machines;
    this.registerOutputs();
  }
}
