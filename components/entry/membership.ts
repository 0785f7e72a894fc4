import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import type { Request } from "../../haproxy/request";
import { digest } from "../../lib/hash";
import { renderKnownHosts } from "../../lib/ssh";
import { seatsOn } from "../ansible";
import type { Configuration } from "../configuration";
import { providerOf } from "../trampoline";

export interface MembershipArgs {
  /** HAProxy machines; they are configured. */
  entry: Machine[];
  /** Web nodes that should be in rotation: configured, and answering or about to. */
  web: { machines: Machine[]; configuration?: Configuration };
  /** Each with its port on the web nodes, and how its health is asked. */
  services: Request["services"];
  /** Web VIP: who holds it serves. */
  webVip: string;
  /** Longest drain of a node that leaves, and wait for one that comes, s. */
  pool: { drainSeconds: number; readySeconds: number };
  /** Factor of all time limits of a failover. */
  patience: number;
  /** Private key file for root on the HAProxy machines. */
  sshKeyFile: string;
}

/**
 * Which web nodes are in the backends of the HAProxy nodes. Updated in place when the wanted list changes, so that a
 * node that leaves is drained before Pulumi deletes its machine: deletes come after all updates, and a failed update
 * keeps the machine. Destroying it does nothing: the HAProxy nodes go as well.
 */
export class Membership extends pulumi.dynamic.Resource {
  /** Who is where, in words. Depend on it to come after the change. */
  declare readonly summary: pulumi.Output<string>;

  /** @param opts.dependsOn what makes the nodes worth probing: their configuration */
  constructor(name: string, args: MembershipArgs, opts?: pulumi.CustomResourceOptions) {
    const { pool, patience, sshKeyFile } = args;
    const entry = pulumi.all(args.entry.map(resolve));
    const web = pulumi.all(args.web.machines.map(resolve));
    const faults = args.web.configuration?.faults ?? {};
    const request = pulumi.all([entry, web, faults]).apply(([nodes, wanted, known]): Request => ({
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
      faults: known,
      webVip: args.webVip,
      drainSeconds: pool.drainSeconds,
      readySeconds: pool.readySeconds,
      patience,
      ssh: { user: "root", privateKeyFile: sshKeyFile, knownHosts: renderKnownHosts(nodes) },
    }));
    super(
      providerOf("components/entry/membershipProvider.ts", "membershipProvider"),
      name,
      {
        // A HAProxy machine that was made anew knows nobody, and where the key is says nothing of who is wanted.
        wanted: pulumi
          .all([request, entry])
          .apply(([{ ssh: _ssh, ...told }, nodes]) =>
            digest([told, nodes.map(({ incarnation }) => incarnation)]),
          ),
        request: pulumi.jsonStringify(request),
        seats: entry.apply((all) => seatsOn(sshKeyFile, all)),
        applied: undefined,
        summary: undefined,
      },
      opts,
      "hpc-ha",
      "Membership",
    );
  }
}

/** What the reconciler needs of a machine, once it is there. */
const resolve = (m: Machine) =>
  pulumi.all([m.address, m.hostKey, m.incarnation]).apply(([address, hostKey, incarnation]) => ({
    name: m.spec.name,
    address,
    hostKey,
    incarnation,
  }));
