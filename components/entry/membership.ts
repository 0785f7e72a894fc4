import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Request } from "../../haproxy/request";
import { renderKnownHosts } from "../ansible";
import type { Machine } from "../../drivers/machine";
import type { Site } from "../site";

export interface MembershipArgs {
  site: Site;
  /** HAProxy machines. */
  haproxies: Machine[];
  /** Web nodes that should be in rotation: configured, and answering or about to. */
  web: Machine[];
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

  constructor(name: string, args: MembershipArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:haproxy:Membership", name, {}, opts);
    const { config, sshKeyFile } = args.site;
    const stdin = pulumi
      .all([pulumi.all(args.haproxies.map(resolve)), pulumi.all(args.web.map(resolve))])
      .apply(([nodes, wanted]) =>
        JSON.stringify({
          nodes: nodes.map(({ name, address }) => ({ name, address })),
          services: config.services.map(({ name, port, healthPath }) => ({
            name,
            port,
            healthPath,
          })),
          wanted: wanted.map(({ name, address }) => ({ name, address })),
          drainSeconds: config.web.drainSeconds,
          readySeconds: config.web.readySeconds,
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
