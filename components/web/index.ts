import { createHash } from "node:crypto";
import * as random from "@pulumi/random";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../../toolchain/versions";
import { AnsibleRun } from "../ansible";
import { CA_FILE } from "../certificates";
import type { ServiceConfig } from "../../plan/config";
import type { Database } from "../galera";
import type { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import type { Site } from "../site";

/** The first user of the sample portal. */
export const PORTAL_ADMIN = "admin";

export interface WebPoolArgs {
  site: Site;
  /** Password of the Redis entry on the data VIP. Secret. */
  redisPassword: pulumi.Input<string>;
  /** Database of the web services. */
  database: Database;
  /** CA certificate (PEM) that the services verify Redis and the database with. */
  ca: pulumi.Input<string>;
}

/**
 * The web nodes: as many as the stack config says, each made and configured by itself, so that a change of
 * their number touches only those that come or go. They serve users once they are in HAProxy's membership.
 */
export class WebPool extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Configuration runs; a node is worth probing when its own is done. */
  readonly runs: AnsibleRun[];
  /** Password of the portal's first user. Secret. */
  readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: WebPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:web:WebPool", name, {}, opts);
    const { site } = args;
    this.adminPassword = new random.RandomPassword(
      `${name}-admin`,
      { length: 20, special: false },
      { parent: this },
    ).result;
    const { database } = args;
    const vars = pulumi
      .secret(pulumi.all([args.redisPassword, database.password, this.adminPassword, args.ca]))
      .apply(([redisPassword, databasePassword, adminPassword, ca]) =>
        webVars(
          site,
          { ...database, password: databasePassword },
          { redisPassword, adminPassword },
          ca,
        ),
      );
    const playbook = "web.yml";
    const { machines, gates } = machineSet(
      name,
      {
        site,
        specs: site.topology.machines.web,
        group: "web",
        playbook,
        vars,
        single: true,
        probes: ({ address }) =>
          site.config.services.map((s) => `http://${address}:${s.port}${s.healthPath}`),
      },
      { parent: this },
    );
    this.machines = machines;
    this.runs = machines.map(
      (machine, i) =>
        new AnsibleRun(
          `${name}-${machine.spec.name}-config`,
          { site, playbook, groups: { web: [machine] }, after: gates[i], vars },
          { parent: this },
        ),
    );
    this.registerOutputs({ adminPassword: this.adminPassword });
  }
}

/** Variables of ansible/web.yml; its role's argument_specs describe them. The same for every node. */
export function webVars(
  { config, topology }: Pick<Site, "config" | "topology">,
  database: { port: number; name: string; user: string; password: string },
  secrets: { redisPassword: string; adminPassword: string },
  ca: string,
  hash = contentHash,
): Record<string, unknown> {
  const releases = new Map(config.services.map((s) => [releaseId(s, hash), s]));
  return {
    web_root: "/opt/hpc-dashboard",
    web_releases: [...releases].map(([id, { source, build }]) => ({ id, ...source, build })),
    web_services: config.services.map((s) => ({
      name: s.name,
      release: releaseId(s, hash),
      environment: {
        ...s.environment,
        SERVICE: s.name,
        PORT: s.port,
        BASE_PATH: s.path,
        START: s.start,
      },
    })),
    web_ca: ca,
    web_ca_file: CA_FILE,
    web_environment: {
      REDIS_HOST: topology.dataVip,
      REDIS_PORT: config.ports.redis,
      REDIS_PASSWORD: secrets.redisPassword,
      REDIS_CA: CA_FILE,
      DB_HOST: topology.dataVip,
      DB_PORT: database.port,
      DB_NAME: database.name,
      DB_USER: database.user,
      DB_PASSWORD: database.password,
      DB_CA: CA_FILE,
      PORTAL_ADMIN_USER: PORTAL_ADMIN,
      PORTAL_ADMIN_PASSWORD: secrets.adminPassword,
    },
  };
}

/** Names what a service runs; services with the same source and build share a release. */
function releaseId({ source, build }: ServiceConfig, hash: (root: string) => string): string {
  const recipe = JSON.stringify({ ...source, build });
  const content = "path" in source ? hash(source.path) : source.version.replace(/[^\w.-]/g, "_");
  return `${content}-${createHash("sha256").update(recipe).digest("hex").slice(0, 8)}`;
}
