import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { AnsibleRun } from "../ansible";
import { CA_FILE, type SiteCertificates } from "../certificates";
import type { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import type { Site } from "../site";

/** Where and how a client reaches its database: over TLS, with a certificate of the site's CA for `host`. */
export interface Database {
  /** The data VIP: HAProxy passes on to one synced node. */
  host: string;
  port: number;
  name: string;
  user: string;
  /** Secret. */
  password: pulumi.Output<string>;
  /** Known once the database can be used. */
  ready: pulumi.Output<string>;
}

export interface GaleraArgs {
  site: Site;
  /** Those of its machines, and the CA that they verify each other with. */
  certificates: SiteCertificates;
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
    const { site, certificates } = args;
    const accounts = args.databases.map((database) => ({
      ...database,
      // Letters and digits, so that neither SQL nor a configuration file has to quote it.
      password: new random.RandomPassword(
        `${name}-${database.name}-password`,
        { length: 32, special: false },
        { parent: this },
      ).result,
    }));
    const specs = site.topology.machines.galera;
    const vars = pulumi
      .all([
        pulumi.secret(pulumi.all(accounts)),
        certificates.ca,
        certificates.of(specs.map((spec) => spec.name)),
      ])
      .apply(([known, ca, own]) => galeraVars(site, known, ca, own));
    const playbook = "galera.yml";
    const { machines, gates } = machineSet(
      name,
      { site, specs, group: "galera", playbook, vars },
      { parent: this },
    );
    this.machines = machines;
    const run = new AnsibleRun(
      `${name}-config`,
      { site, playbook, groups: { galera: machines }, after: gates.at(-1), vars },
      { parent: this },
    );
    this.ready = run.recap;
    this.databases = new Map(
      accounts.map(({ name, user, password }) => [
        name,
        {
          host: site.topology.dataVip,
          port: site.config.ports.mysql,
          name,
          user,
          password,
          ready: run.recap,
        },
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

/** Variables of ansible/galera.yml; its role's argument_specs describe them. */
export function galeraVars(
  { config, topology }: Pick<Site, "config" | "topology">,
  databases: { name: string; user: string; password: string }[],
  ca: string,
  certificates: Record<string, string>,
): Record<string, unknown> {
  const memory = Math.min(...topology.machines.galera.map((spec) => spec.memoryMiB));
  return {
    galera_cluster: "site",
    galera_patience: config.failoverPatience,
    galera_port: config.ports.mysql,
    galera_replication_port: config.ports.galeraReplication,
    galera_ist_port: config.ports.galeraIst,
    galera_sst_port: config.ports.galeraSst,
    galera_check_port: config.ports.galeraCheck,
    // Half of the machine; Galera's own cache and the connections need the rest.
    galera_buffer_pool_mib: Math.floor(memory / 2),
    galera_databases: databases,
    galera_ca: ca,
    galera_ca_file: CA_FILE,
    galera_certificates: certificates,
  };
}
