import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import type { Fleet } from "../ansible";
import { machineSet } from "../machineSet";
import type { SiteCertificates } from "../certificates";
import type { MachineSpec } from "../tiers";
import { monitorVars, type MonitorSettings } from "./vars";

export interface MonitorArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  certificates: SiteCertificates;
  settings: Omit<MonitorSettings, "logs">;
  /** Stands for the program that keeps the logs. */
  logStore: string;
  /** Whom it watches: asked from the first minute on, they would be taken for dead until they tell how they are. */
  following?: pulumi.Resource[];
}

/**
 * Machines that watch all others: each asks all of them for metrics, judges them by the same rules, and the two agree on
 * who is told. What one keeps is on the other too, so that none of them is missed. Nobody waits for them.
 */
export class Monitor extends pulumi.ComponentResource {
  readonly machines: Machine[];

  constructor(name: string, args: MonitorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:monitor:Monitor", name, {}, opts);
    const { fleet, specs, certificates, settings, logStore, following = [] } = args;
    // Receivers' addresses and passwords are in them, and keys.
    const vars = pulumi.secret(
      pulumi
        .all([certificates.ca, certificates.of(specs)])
        .apply(([ca, pems]) =>
          monitorVars({ ...settings, logs: { program: logStore, ca, certificates: pems } }),
        ),
    );
    this.machines = machineSet(
      name,
      { fleet, tier: "monitor", specs, vars, following },
      { parent: this },
    ).machines;
    this.registerOutputs();
  }
}
