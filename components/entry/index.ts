import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import { formerly } from "../aliases";
import type { Fleet } from "../ansible";
import type { Configuration } from "../configuration";
import type { SiteCertificates } from "../certificates";
import { machineSet } from "../machineSet";
import type { MachineSpec } from "../tiers";
import { type EntrySettings, entryVars } from "./vars";

export interface EntryArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  settings: Omit<EntrySettings, "memoryMiB">;
  /** The web VIP's, and the CA that the check of the Redis master verifies with. */
  certificates: SiteCertificates;
  /** Password that HAProxy's check of the Redis master uses. Secret. */
  redisPassword: pulumi.Input<string>;
}

/**
 * The entry: two HAProxy machines that share the web VIP (TLS, routing by path) and the data VIP (the
 * Redis master and one synced Galera node). It is configured without knowing any web node: those come and
 * go by the membership, and the Redis and Galera machines are known by their planned addresses, so the tiers
 * can be built side by side.
 */
export class Entry extends pulumi.ComponentResource {
  readonly machines: Machine[];
  readonly configuration?: Configuration;
  /** Closing line of the Ansible run: the tier is configured. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: EntryArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [formerly("hpc-ha:haproxy:HaproxyTier", name)];
    super("hpc-ha:entry:Entry", name, {}, { aliases, ...opts });
    const { fleet, specs, certificates } = args;
    const memoryMiB = Math.min(...specs.map((spec) => spec.memoryMiB));
    const vars = pulumi
      .all([certificates.web, certificates.ca, pulumi.secret(args.redisPassword)])
      .apply(([pem, ca, redisPassword]) =>
        entryVars({ ...args.settings, memoryMiB }, { pem, ca }, redisPassword),
      );
    const set = machineSet(name, { fleet, tier: "entry", specs, vars }, { parent: this });
    this.machines = set.machines;
    if (set.configuration) this.configuration = set.configuration;
    this.ready = set.ready;
    this.registerOutputs({ ready: this.ready });
  }
}
