/** How the service has the pool changed: by a runner process of its own, which outlives it. */

/** What became of an update. */
export interface Result {
  /** When it ended, ms since 1970. */
  at: number;
  ok: boolean;
  /** Web nodes that the pool was to consist of; that it does, only where it is `ok`. */
  pool: string[];
  /** What went wrong, in one sentence. */
  why?: string;
  /**
   * `locked`: another update held the site, nothing was changed. `outdated`: the clone's program or config is not the one
   * with which the site was last updated, nothing was changed. `timeout`: it was ended in order. `failed`: all else.
   */
  kind?: "locked" | "outdated" | "failed" | "timeout";
  /** Web nodes that did not become healthy in time. */
  sick?: string[];
}

export interface Updates {
  /** The update that runs, also one that was started before the service: since when (ms since 1970), and what it does. */
  running(): { since: number; what: string } | undefined;
  /**
   * Begins an update and returns at once.
   * @param pool names of all web nodes that there are to be
   * @param why for the update's log
   * @throws Error when one runs already, or the runner cannot be started
   */
  start(pool: string[], why: string): Promise<void>;
  /** The result of an update that has ended, once; also of one that ended while the service was away. */
  finished(): Promise<Result | undefined>;
}
