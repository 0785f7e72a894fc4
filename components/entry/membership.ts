import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import type { Service } from "../../haproxy/plan";
import type { Request } from "../../haproxy/request";
import { renderKnownHosts } from "../../lib/ssh";
import { formerly } from "../aliases";

export interface MembershipArgs {
  /** HAProxy machines; they are configured. */
  entry: pulumi.Resource & { machines: Machine[] };
  /** Web nodes that should be in rotation: configured, and answering or about to. */
  web: Machine[];
  /** What runs on each web node, and how it says that it may take traffic. */
  services: Service[];
  /** Whoever holds it serves users. */
  webVip: string;
  /** Longest drain of a node that leaves, and wait for one that comes, s. */
  pool: { drainSeconds: number; readySeconds: number };
  /** Factor of all time limits of a failover. */
  patience: number;
  /** Private key file for root on the HAProxy machines. */
  sshKeyFile: string;
}

/**
 * Which web nodes are in the backends of the HAProxy nodes. One command, updated in place when the wanted
 * list changes, so that a node that leaves is drained before Pulumi deletes its machine: deletes come
 * after all updates, and a failed update keeps the machine. Destroying it does nothing: the HAProxy
 * nodes go as well.
 */
export class Membership extends pulumi.ComponentResource {
  /** Who is where, in words. Depend on it to come after the change. */
  readonly summary: pulumi.Output<string>;

  /** @param opts.dependsOn what makes the nodes worth probing: their configuration */
  constructor(name: string, args: MembershipArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [
      formerly("hpc-ha:haproxy:Membership", name, {
        types: ["hpc-ha:haproxy:HaproxyTier"],
        name: "entry",
      }),
    ];
    super("hpc-ha:entry:Membership", name, {}, { parent: args.entry, aliases, ...opts });
    const { pool, patience, sshKeyFile } = args;
    const stdin = pulumi
      .all([pulumi.all(args.entry.machines.map(resolve)), pulumi.all(args.web.map(resolve))])
      .apply(([nodes, wanted]) =>
        JSON.stringify({
          nodes: nodes.map(({ name, address }) => ({ name, address })),
          services: args.services.map(
            ({ name, port, healthPath, healthHost, healthStatus, checkSeconds }) => ({
              name,
              port,
              healthPath,
              healthHost,
              healthStatus,
              checkSeconds,
            }),
          ),
          wanted: wanted.map(({ name, address }) => ({ name, address })),
          faults: {},
          webVip: args.webVip,
          drainSeconds: pool.drainSeconds,
          readySeconds: pool.readySeconds,
          patience,
          ssh: { user: "root", privateKeyFile: sshKeyFile, knownHosts: renderKnownHosts(nodes) },
        } satisfies Request),
      );
    const script = "node --import tsx programs/membership.ts";
    const command = new local.Command(
      `${name}-command`,
      { create: script, update: script, stdin, addPreviousOutputInEnv: false },
      { parent: this },
    );
    this.summary = command.stdout;
    this.registerOutputs({ summary: this.summary });
  }
}

/** What the reconciler needs of a machine, once it is there. */
const resolve = (m: Machine) =>
  pulumi
    .all([m.address, m.hostKey])
    .apply(([address, hostKey]) => ({ name: m.spec.name, address, hostKey }));
