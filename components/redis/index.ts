import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { AnsibleRun } from "../ansible";
import { CA_FILE, type SiteCertificates } from "../certificates";
import type { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import type { Site } from "../site";

export interface RedisSentinelArgs {
  site: Site;
  /** Those of its machines, and the CA that they verify each other with. */
  certificates: SiteCertificates;
}

/**
 * Three Redis nodes with a Sentinel each, all of it over TLS. Clients reach the master at the data VIP, through HAProxy; its
 * loss costs them seconds, and what a majority had acknowledged survives.
 */
export class RedisSentinel extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Password of all clients. Secret. */
  readonly password: pulumi.Output<string>;
  /** Closing line of the Ansible run: one master, and replicas that follow it. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: RedisSentinelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:redis:RedisSentinel", name, {}, opts);
    const { site, certificates } = args;
    // Letters and digits, so that no configuration file has to quote it.
    this.password = new random.RandomPassword(
      `${name}-password`,
      { length: 32, special: false },
      { parent: this },
    ).result;
    const specs = site.topology.machines.redis;
    const vars = pulumi
      .all([
        pulumi.secret(this.password),
        certificates.ca,
        certificates.of(specs.map((spec) => spec.name)),
      ])
      .apply(([password, ca, own]) => redisVars(site, password, ca, own));
    const playbook = "redis.yml";
    const { machines, gates } = machineSet(
      name,
      { site, specs, group: "redis", playbook, vars },
      { parent: this },
    );
    this.machines = machines;
    const run = new AnsibleRun(
      `${name}-config`,
      { site, playbook, groups: { redis: machines }, after: gates.at(-1), vars },
      { parent: this },
    );
    this.ready = run.recap;
    this.registerOutputs({ password: this.password, ready: this.ready });
  }
}

/** Variables of ansible/redis.yml; its role's argument_specs describe them. */
export function redisVars(
  { config }: Pick<Site, "config">,
  password: string,
  ca: string,
  certificates: Record<string, string>,
): Record<string, unknown> {
  return {
    redis_set: "site",
    redis_patience: config.failoverPatience,
    redis_port: config.ports.redis,
    redis_sentinel_port: config.ports.sentinel,
    redis_password: password,
    redis_ca: ca,
    redis_ca_file: CA_FILE,
    redis_certificates: certificates,
  };
}
