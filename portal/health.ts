import type { Reachable } from "./stores";

/** How often the stores are asked, ms. */
const INTERVAL = 2_000;

export interface Health {
  status: "ok";
  redis: "ok" | "unreachable";
  database: "ok" | "unreachable";
}

/**
 * What `/health` says. The answer is 200 for as long as this service itself can serve, and its body tells
 * whether Redis and the database can be reached. The stores are shared by the whole pool: if their outage
 * made this fail, HAProxy would take out every node at once, and users would get no page at all instead of
 * one that explains; and no node that it might send them to would be better. Whoever watches the stores
 * reads the body.
 */
export class HealthWatch {
  private readonly state: Health = { status: "ok", redis: "unreachable", database: "unreachable" };
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly stores: { redis: Reachable; database: Reachable }) {}

  /** Asks both stores now, and from then on regularly. */
  async start(): Promise<void> {
    const ask = async (name: "redis" | "database") => {
      this.state[name] = await this.stores[name].ping().then(
        () => "ok" as const,
        () => "unreachable" as const,
      );
    };
    await Promise.all([ask("redis"), ask("database")]);
    if (!this.closed) this.timer = setTimeout(() => void this.start(), INTERVAL);
  }

  get health(): Health {
    return { ...this.state };
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
