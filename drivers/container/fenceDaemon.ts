import * as pulumi from "@pulumi/pulumi";
import type { FenceDaemonInputs } from "./fenceInputs";
import { fenceDaemonProvider } from "./fenceDaemonProvider";

type Inputs = { [K in keyof FenceDaemonInputs]: pulumi.Input<FenceDaemonInputs[K]> };

/** fence_virtd as a process of this host, as a Pulumi dynamic resource. */
export class FenceDaemon extends pulumi.dynamic.Resource {
  constructor(name: string, args: Inputs, opts?: pulumi.CustomResourceOptions) {
    super(fenceDaemonProvider, name, { ...args, running: undefined }, opts);
  }
}
