import * as pulumi from "@pulumi/pulumi";
import type { MachineSpec } from "../plan/machine";

/** What a driver knows of a machine that it made. */
export interface Made {
  /** Address, known once ssh answers. */
  address: pulumi.Output<string>;
  /** Public ssh host key (`ssh-ed25519 AAAA…`). */
  hostKey: pulumi.Output<string>;
  /** Another one when the machine was made anew. */
  incarnation: pulumi.Output<string>;
}

/** One machine that answers on ssh with a known host key; the same to all others whatever made it. */
export class Machine extends pulumi.ComponentResource {
  /** Address, known once ssh answers: depend on it to run after the boot. */
  readonly address: pulumi.Output<string>;
  /** Public ssh host key (`ssh-ed25519 AAAA…`), fixed before the first boot. */
  readonly hostKey: pulumi.Output<string>;
  /** Another one when the machine was made anew: a reason to configure it again. */
  readonly incarnation: pulumi.Output<string>;

  /** @param make makes what it consists of, as children of it */
  constructor(
    name: string,
    readonly spec: MachineSpec,
    make: (parent: pulumi.Resource) => Made,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("hpc-ha:machine:Machine", name, {}, opts);
    ({ address: this.address, hostKey: this.hostKey, incarnation: this.incarnation } = make(this));
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }
}
