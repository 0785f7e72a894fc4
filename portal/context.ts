import type { FastifyRequest } from "fastify";
import type { ServiceName } from "./catalogue";
import type { Health } from "./health";
import type { JobStore } from "./slurm";
import type { SessionStore, UserStore } from "./stores";

export const SESSION_COOKIE = "portal_session";

/** What the routes of a service need. */
export interface Context {
  service: ServiceName;
  /** Path prefix that users see, without a slash at the end; "" for the root. */
  base: string;
  node: string;
  sessions: SessionStore;
  users: UserStore;
  /** Jobs of the cluster, where the platform lets this service ask for them. */
  jobs?: JobStore | undefined;
  health: () => Health;
  /** The user of the request's session, if any. */
  userOf(request: FastifyRequest): Promise<string | undefined>;
}
