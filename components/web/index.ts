import * as random from "@pulumi/random";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import { formerly } from "../aliases";
import type { Fleet } from "../ansible";
import type { Configuration } from "../configuration";
import type { Database } from "../database";
import { machineSet } from "../machineSet";
import type { MachineSpec } from "../tiers";
import { type ReleasedService, Releases, releasesOf } from "./releases";
import { webVars } from "./vars";

export interface WebArgs {
  /** The entry, which knows a new service before the nodes have it: then they come into rotation one by one. */
  entry: { configuration?: Configuration };
  fleet: Fleet;
  specs: MachineSpec[];
  /** Each with what it runs. */
  services: ReleasedService[];
  /** The Redis entry on the data VIP. */
  redis: { host: string; port: number; /** Secret. */ password: pulumi.Input<string> };
  /** Database of the web services. */
  database: Database;
  /** CA certificate (PEM) that the services verify Redis and the database with. */
  ca: pulumi.Input<string>;
  /** The service that asks Slurm for its users, where, and by which secret. Default: none does. */
  slurm?:
    | { service: string; url: string; api: string; /** Secret. */ secret: pulumi.Input<string> }
    | undefined;
  /** Where a node tells its metrics, and how many processors it was planned with. */
  nodeExporter: { port: number; vcpus: number };
}

/**
 * The web nodes: as many as the stack config says. A change of their number touches only those that come or go. They serve users once they are in HAProxy's membership.
 */
export class Web extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** A node is worth probing when it is done. */
  readonly configuration?: Configuration;
  /** Password of the portal's first user. Secret. */
  readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: WebArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [formerly("hpc-ha:web:WebPool", name)];
    super("hpc-ha:web:Web", name, {}, { aliases, ...opts });
    this.adminPassword = new random.RandomPassword(
      `${name}-admin`,
      { length: 20, special: false },
      { parent: this },
    ).result;
    const { fleet, specs, services, redis, database, slurm } = args;
    const vars = pulumi
      .secret(
        pulumi.all([
          ...([redis.password, database.password, this.adminPassword, args.ca] as const),
          slurm?.secret ?? "",
        ]),
      )
      .apply(([redisPassword, password, adminPassword, ca, secret]) =>
        webVars(
          services,
          {
            redis: { ...redis, password: redisPassword },
            database: { ...database, password },
            adminPassword,
            slurm: slurm && { ...slurm, secret },
          },
          ca,
          args.nodeExporter,
        ),
      );
    const releases = new Releases(
      `${name}-releases`,
      { releases: releasesOf(services), layer: fleet.driver.layers },
      { parent: this },
    );
    const following = args.entry.configuration ? [args.entry.configuration] : [];
    const set = machineSet(
      name,
      {
        fleet,
        tier: "web",
        specs,
        layer: releases.layer,
        vars,
        after: releases.made,
        following,
        tellsByItself: true,
      },
      { parent: this },
    );
    this.machines = set.machines;
    if (set.configuration) this.configuration = set.configuration;
    this.registerOutputs({ adminPassword: this.adminPassword });
  }
}
