import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Machine } from "../../drivers/machine";
import { formerly } from "../aliases";
import type { Fleet } from "../ansible";
import type { SiteCertificates } from "../certificates";
import { machineSet } from "../machineSet";
import type { MachineSpec } from "../tiers";
import { redisVars } from "./vars";

export interface RedisArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  /** Those of its machines, and the CA that they verify each other with. */
  certificates: SiteCertificates;
  ports: { redis: number; sentinel: number; redisExporter: number };
  /** Factor of all time limits of a failover. */
  patience: number;
}

/**
 * Three Redis nodes with a Sentinel each, all of it over TLS. Clients reach the master at the data VIP, through HAProxy; its
 * loss costs them seconds, and what a majority had acknowledged survives.
 */
export class Redis extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Password of services, and of HAProxy's checks. Secret. */
  readonly password: pulumi.Output<string>;
  /** Closing line of the Ansible run: one master, and replicas that follow it. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [formerly("hpc-ha:redis:RedisSentinel", name)];
    super("hpc-ha:redis:Redis", name, {}, { aliases, ...opts });
    const { fleet, specs, certificates } = args;
    // Letters and digits, so that no configuration file has to quote it.
    const password = (suffix: string) =>
      new random.RandomPassword(
        `${name}-${suffix}`,
        { length: 32, special: false },
        { parent: this },
      ).result;
    this.password = password("password");
    const passwords = pulumi.secret({
      services: this.password,
      users: {
        admin: password("admin-password"),
        replica: password("replica-password"),
        sentinel: password("sentinel-password"),
        ...(fleet.nodeExporterPort !== undefined && { monitor: password("monitor-password") }),
      },
    });
    const memoryMiB = Math.min(...specs.map((spec) => spec.memoryMiB));
    const vars = pulumi
      .all([passwords, certificates.ca, certificates.of(specs)])
      .apply(([secrets, ca, own]) => redisVars({ ...args, memoryMiB }, secrets, ca, own));
    const set = machineSet(
      name,
      { fleet, tier: "redis", specs, vars, ports: { ...args.ports } },
      { parent: this },
    );
    this.machines = set.machines;
    this.ready = set.ready;
    this.registerOutputs({ password: this.password, ready: this.ready });
  }
}
