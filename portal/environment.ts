import { z } from "zod";
import { REST_APIS } from "./slurmRest";

const port = z.coerce.number().int().min(1).max(65535);

/** Variables that a service is started with; they come from its `.env`. */
const schema = z.object({
  /** Port that it listens on. */
  PORT: port,
  /** Path prefix under which users reach it; HAProxy passes it on unchanged. */
  BASE_PATH: z.string().startsWith("/"),
  /** Name of the machine, shown in every answer. */
  NODE_NAME: z.string().min(1),
  /** The stable address of the Redis master. */
  REDIS_HOST: z.string().min(1),
  REDIS_PORT: port,
  REDIS_PASSWORD: z.string().min(1),
  /** File of the CA certificate that its own must be signed by. */
  REDIS_CA: z.string().min(1),
  /** The stable address of a synced database node. */
  DB_HOST: z.string().min(1),
  DB_PORT: port,
  DB_NAME: z.string().min(1),
  DB_USER: z.string().min(1),
  DB_PASSWORD: z.string().min(1),
  DB_CA: z.string().min(1),
  /** The first user; made when there is no user of this name. */
  PORTAL_ADMIN_USER: z.string().min(1),
  PORTAL_ADMIN_PASSWORD: z.string().min(1),
  /** Where Slurm is asked for the users of the portal, and by which secret. Default: it is not. */
  SLURM_REST_URL: z.url().optional(),
  SLURM_REST_SECRET: z.string().min(1).optional(),
  /** Version of its API. Default: that of Debian 12's Slurm. */
  SLURM_REST_API: z.enum(REST_APIS).default("v0.0.38"),
});
export type Environment = z.infer<typeof schema>;

/** @throws with every variable that is missing or wrong; values are not repeated, some are secret */
export function parseEnvironment(raw: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const faults = result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`);
  throw new Error(`The environment is not complete:\n  ${faults.join("\n  ")}`);
}
