import { z } from "zod";
import { healthHost, healthPath, healthStatus } from "../plan/healthCheck";
import { runSchema } from "../programs/ansible";
import { readySchema } from "../programs/ready";
import type { SiteFacts } from "../rollout/roll";

const names = z.array(z.string());

/** What components/changeProgram.ts reads from stdin, as JSON. Holds secrets. */
export const changeSchema = z.strictObject({
  tier: z.string(),
  run: runSchema,
  /** Units of each machine of the tier: one that has an active one serves, or did. */
  units: names,
  /** What is known of the site, besides how its machines are reached: as in SiteOutputs. */
  site: z.strictObject({
    addresses: z.record(z.string(), z.record(z.string(), z.string())),
    vips: z.strictObject({ slurm: z.string(), web: z.string(), data: z.string() }),
    services: z.record(
      z.string(),
      z.strictObject({
        port: z.number(),
        healthPath,
        healthHost: healthHost.optional(),
        healthStatus,
        checkSeconds: z.number(),
      }),
    ),
    webPool: z.strictObject({
      size: z.number(),
      min: z.number(),
      max: z.number(),
      drainSeconds: z.number(),
    }),
    failoverPatience: z.number(),
    ldap: z.boolean().optional(),
    slurmRest: z.strictObject({ portal: z.boolean() }).optional(),
  } satisfies Record<keyof SiteFacts, z.ZodType>),
  /** known_hosts of the machines that are asked: its own, and those that send clients to them. */
  knownHosts: z.string(),
  /** Command of this host for each machine: see Made. */
  power: z.record(z.string(), names),
  /** How a machine that was made anew is known to have booted. Default: it has. */
  ready: readySchema.optional(),
  /** They are to be relieved and no more: who asks is about to make them anew. */
  relieveOnly: z.boolean().default(false),
  /** Machines to change. */
  todo: names,
  /** Machines that an earlier run configured. */
  applied: names,
  /** Machines that are not as they were left. */
  drifted: names,
  /** plan: only say in which order. first: not those that serve, and say that they wait. turn: all. */
  mode: z.enum(["plan", "first", "turn"]),
});
export type ChangeRequest = z.infer<typeof changeSchema>;
/** What the program adds to it when it runs. */
export type ChangeGround = Omit<
  z.input<typeof changeSchema>,
  "todo" | "applied" | "drifted" | "mode"
>;
