import * as pulumi from "@pulumi/pulumi";
import type { ContainerInputs, Mount } from "./inputs";
import { containerProvider } from "./provider";

type Inputs = { [K in keyof Omit<ContainerInputs, "mounts">]: pulumi.Input<ContainerInputs[K]> } & {
  mounts: pulumi.Input<pulumi.Input<{ [K in keyof Mount]: pulumi.Input<string> }>[]>;
};

/** A libvirt LXC container over an overlay of the image, as a Pulumi dynamic resource. */
export class Container extends pulumi.dynamic.Resource {
  declare readonly address: pulumi.Output<string>;
  declare readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: Inputs, opts?: pulumi.CustomResourceOptions) {
    super(containerProvider, name, { ...args, hostKey: undefined, running: undefined }, opts);
  }
}
