import * as pulumi from "@pulumi/pulumi";
import type { MachineSpec } from "../plan/machine";

/** What a driver knows of a machine that it made. */
export interface Made {
  /** Address, known once ssh answers. */
  address: pulumi.Output<string>;
  /** Public ssh host key (`ssh-ed25519 AAAA…`). */
  hostKey: pulumi.Output<string>;
  /** Another one when the machine was made anew, or is to be at its next start. */
  incarnation: pulumi.Output<string>;
  /**
   * Command of this host that says "outdated" where the machine needs a new start ("look"), or starts it anew ("cycle").
   * Default: none, a machine that changes is another one.
   */
  power?: string[];
}

/** One machine that answers on ssh with a known host key; the same to all others whatever made it. */
export class Machine extends pulumi.ComponentResource {
  /** Address, known once ssh answers: depend on it to run after the boot. */
  readonly address: pulumi.Output<string>;
  /** Public ssh host key (`ssh-ed25519 AAAA…`), fixed before the first boot. */
  readonly hostKey: pulumi.Output<string>;
  /** Another one when the machine was made anew: a reason to configure it again. */
  readonly incarnation: pulumi.Output<string>;
  /** See Made. Empty: none. */
  readonly power: string[];

  /** @param make makes what it consists of, as children of it */
  constructor(
    name: string,
    readonly spec: MachineSpec,
    make: (parent: pulumi.Resource) => Made,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("hpc-ha:machine:Machine", name, {}, opts);
    const { address, hostKey, incarnation, power = [] } = make(this);
    this.address = address;
    this.hostKey = hostKey;
    this.incarnation = incarnation;
    this.power = power;
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }
}
