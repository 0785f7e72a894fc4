import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { CONSOLE, type SiteCertificates } from "./certificates";
import type { AutoscalerConfig } from "./web/autoscaler";

/** Who may use the console. An operator may hold, pause and scale; a viewer looks. */
export type ConsoleUser = "viewer" | "operator";

export interface AutoscalerArgs {
  config: AutoscalerConfig;
  certificates: SiteCertificates;
  /** All web nodes that there may be. */
  web: { name: string; address: string }[];
  /** The site's ports, by name. */
  ports: Record<string, number>;
  /** Whether machines are made of mounts of the host that runs `pulumi up`. */
  mountsHere: boolean;
}

/** What the autoscaler's service is told of itself. It reads it from the stack's state, wherever it runs. */
export interface AutoscalerOutputs {
  config: AutoscalerConfig;
  web: { name: string; address: string }[];
  ports: Record<string, number>;
  /** See AutoscalerArgs. */
  mountsHere: boolean;
  /** Certificate, chain and key of the console (PEM). */
  pem: string;
  /** Password of each user of the console. */
  passwords: Record<ConsoleUser, string>;
}

/** The autoscaler, as far as it is a part of the stack: passwords and certificate of its console. The service is none. */
export class Autoscaler extends pulumi.ComponentResource {
  /** Secret. */
  readonly told: pulumi.Output<AutoscalerOutputs>;

  constructor(name: string, args: AutoscalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:site:Autoscaler", name, {}, opts);
    const passwordOf = (user: ConsoleUser) =>
      new random.RandomPassword(`${name}-${user}`, { length: 20, special: false }, { parent: this })
        .result;
    const pems = args.certificates.of([{ name: CONSOLE }]);
    this.told = pulumi.secret(
      pulumi
        .all([passwordOf("viewer"), passwordOf("operator"), pems])
        .apply(([viewer, operator, { [CONSOLE]: pem = "" }]): AutoscalerOutputs => ({
          config: args.config,
          web: args.web,
          ports: args.ports,
          mountsHere: args.mountsHere,
          pem,
          passwords: { viewer, operator },
        })),
    );
    this.registerOutputs({});
  }
}
