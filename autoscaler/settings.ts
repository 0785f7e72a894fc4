import { z } from "zod";
import { autoscalerSchema } from "../components/web/autoscaler";
import { port } from "../plan/config";

const machine = z.strictObject({ name: z.string().min(1), address: z.ipv4() });

/**
 * What the service is told about its site: a JSON file (0600) that `pulumi up` writes. It is read at the start and when it
 * changes.
 */
export const settingsSchema = z.strictObject({
  /** Name of the site, as alerts and the page have it. */
  site: z.string().min(1),
  /** The stack that it updates. */
  stack: z.string().min(1),
  /** The clone that it updates with, absolute. */
  projectRoot: z.string().startsWith("/"),
  /** `HPC_HA_HOME`, absolute. */
  home: z.string().startsWith("/"),
  /** The stack config's key `autoscaler`. */
  config: autoscalerSchema,
  /** `web.min` and `web.max`. */
  limits: z.strictObject({ min: z.int().min(1), max: z.int().min(1) }),
  /** HAProxy nodes. */
  entry: z.array(machine).min(1),
  /** Web nodes that there may be, `limits.max` of them, by number. */
  web: z.array(machine).min(1),
  /** Names of those that there are since this `pulumi up`. */
  pool: z.array(z.string().min(1)),
  /** Web services: names of HAProxy's backends. */
  backends: z.array(z.string().min(1)).min(1),
  /** The site's ports by name. */
  ports: z.record(z.string(), port),
  /** How machines are logged in to. */
  ssh: z.strictObject({
    user: z.string().min(1),
    privateKeyFile: z.string().startsWith("/"),
    knownHostsFile: z.string().startsWith("/"),
  }),
  /** Who may use the page, and what it shows that it is the site's. */
  console: z.strictObject({
    users: z.array(
      z.strictObject({
        name: z.string().min(1),
        /** An operator may hold, pause and scale; a viewer looks. */
        role: z.enum(["viewer", "operator"]),
        /** Of scrypt, as the console checks it. */
        passwordHash: z.string().min(1),
      }),
    ),
    /** PEM. */
    tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }),
  }),
});

export type ServiceSettings = z.infer<typeof settingsSchema>;
