/** Sessions that every node sees; in Redis. */
export interface SessionStore {
  /** Makes a session and returns its secret id. */
  create(user: string): Promise<string>;
  /** The user of a session, and the session lives on; undefined when there is no such session. */
  user(id: string): Promise<string | undefined>;
  remove(id: string): Promise<void>;
}

/** Users and their settings; in MariaDB. */
export interface UserStore {
  /** Whether user and password belong together. */
  verify(user: string, password: string): Promise<boolean>;
  setting(user: string, key: string): Promise<string | undefined>;
  saveSetting(user: string, key: string, value: string): Promise<void>;
}

/** Whether a store can be reached; asked in the background, so that `/health` never waits. */
export interface Reachable {
  ping(): Promise<void>;
}

/** A store did not answer in time: the request may be tried again. */
export class StoreUnavailable extends Error {
  constructor(
    readonly store: "redis" | "database" | "slurm",
    cause: unknown,
  ) {
    super(`${store} is not reachable`, { cause });
  }
}
