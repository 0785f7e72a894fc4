import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Machine } from "../../drivers/machine";
import type { Fleet } from "../ansible";
import type { SiteCertificates } from "../certificates";
import type { Database } from "../database";
import { machineSet } from "../machineSet";
import type { MachineSpec } from "../tiers";
import { type GaleraPorts, galeraVars } from "./vars";

export interface GaleraArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  /** Those of its machines, and the CA that they verify each other with. */
  certificates: SiteCertificates;
  ports: GaleraPorts;
  /** Where clients reach it: HAProxy's address for one synced node. */
  host: string;
  /** Factor of all time limits of a failover. */
  patience: number;
  /** Most connections of clients. */
  connections: number;
  /** Databases to make, each with one user that has all rights in it. */
  databases: { name: string; user: string }[];
}

/** Three MariaDB nodes with synchronous replication. Clients write to one of them, through HAProxy at the data VIP; TLS everywhere. */
export class Galera extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Closing line of the Ansible run: all nodes synced, databases made. */
  readonly ready: pulumi.Output<string>;
  private readonly databases: Map<string, Database>;

  constructor(name: string, args: GaleraArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:galera:Galera", name, {}, opts);
    const { fleet, specs, certificates } = args;
    const accounts = args.databases.map((database) => ({
      ...database,
      // Letters and digits, so that neither SQL nor a configuration file has to quote it.
      password: new random.RandomPassword(
        `${name}-${database.name}-password`,
        { length: 32, special: false },
        { parent: this },
      ).result,
    }));
    const memoryMiB = Math.min(...specs.map((spec) => spec.memoryMiB));
    const vars = pulumi
      .all([pulumi.secret(pulumi.all(accounts)), certificates.ca, certificates.of(specs)])
      .apply(([known, ca, own]) => galeraVars({ ...args, memoryMiB }, known, ca, own));
    const set = machineSet(
      name,
      { fleet, tier: "galera", specs, vars, ports: { ...args.ports } },
      { parent: this },
    );
    this.machines = set.machines;
    this.ready = set.ready;
    this.databases = new Map(
      accounts.map((account) => [
        account.name,
        { ...account, host: args.host, port: args.ports.mysql, ready: set.ready },
      ]),
    );
    this.registerOutputs({ ready: this.ready });
  }

  /**
   * One of the databases.
   * @param entryReady known once HAProxy passes clients on
   * @throws when no database of this name was asked for
   */
  database(name: string, entryReady: pulumi.Input<string>): Database {
    const found = this.databases.get(name);
    if (!found) throw new Error(`no database "${name}": ${[...this.databases.keys()].join(", ")}`);
    return { ...found, ready: pulumi.all([found.ready, entryReady]).apply(([ready]) => ready) };
  }
}
