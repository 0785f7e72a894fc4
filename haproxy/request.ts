import { z } from "zod";
import { healthHost, healthPath, healthStatus } from "../plan/healthCheck";

const seconds = z.number().positive();
const machine = z.strictObject({
  name: z.string().regex(/^[\w-]+$/),
  address: z.ipv4(),
});

/** What the reconciler reads from stdin, as JSON. Holds no secrets. */
export const requestSchema = z.strictObject({
  /** HAProxy nodes. */
  nodes: z.array(machine).min(1),
  services: z
    .array(
      z.strictObject({
        /** Backend name. */
        name: z.string().regex(/^[\w-]+$/),
        /** Port on the web nodes. */
        port: z.int().min(1).max(65535),
        /** Path that answers as it should on a node that may take traffic. */
        healthPath,
        /** Name that the checks ask for. Default: the web VIP. */
        healthHost: healthHost.optional(),
        /** Codes and ranges of a healthy answer. */
        healthStatus,
        /** Longest wait for the answer to a check, s; times `patience`. */
        checkSeconds: seconds,
      }),
    )
    .min(1),
  /** Web nodes that should be in every backend. */
  wanted: z.array(machine),
  /** What is wrong with wanted nodes, by name, as far as it is known: they are not added. Default: nothing. */
  faults: z.record(z.string(), z.string()).default({}),
  /** Who holds it serves users, and nobody else. */
  webVip: z.ipv4(),
  /** Longest wait for sessions to end on a node that leaves, s. */
  drainSeconds: seconds,
  /** Longest wait for a node that comes to answer its health checks, s. */
  readySeconds: seconds,
  /** Factor of all time limits of a failover. */
  patience: z.number().min(1).default(1),
  ssh: z.strictObject({
    user: z.string().regex(/^[\w-]+$/),
    privateKeyFile: z.string().min(1),
    /** Content of a known_hosts file; an unknown or changed key is refused. */
    knownHosts: z.string(),
  }),
});
export type Request = z.infer<typeof requestSchema>;
