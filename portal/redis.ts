import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { Environment } from "./environment";
import { type Reachable, type SessionStore, StoreUnavailable } from "./stores";
import { readCa, verifiedRedis } from "./tls";

/** A session ends after being unused for so long, s. */
const SESSION_SECONDS = 8 * 3600;
/** Longer than a failover of the Redis master (5 s) no request should wait; it is told to come back, ms. */
const TIMEOUT = 2_000;

/** Sessions in Redis, under keys `session:<id>`. */
export class RedisSessions implements SessionStore, Reachable {
  private readonly redis: Redis;

  constructor(env: Pick<Environment, "REDIS_HOST" | "REDIS_PORT" | "REDIS_PASSWORD" | "REDIS_CA">) {
    this.redis = new Redis({
      ...verifiedRedis({ host: env.REDIS_HOST, port: env.REDIS_PORT, ca: readCa(env.REDIS_CA) }),
      password: env.REDIS_PASSWORD,
      commandTimeout: TIMEOUT,
      connectTimeout: TIMEOUT,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
    });
    // Without a listener ioredis writes every failed attempt to the log; /health tells the state.
    this.redis.on("error", () => undefined);
  }

  async create(user: string): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    await this.ask(() => this.redis.set(`session:${id}`, user, "EX", SESSION_SECONDS));
    return id;
  }

  async user(id: string): Promise<string | undefined> {
    const user = await this.ask(() => this.redis.getex(`session:${id}`, "EX", SESSION_SECONDS));
    return user ?? undefined;
  }

  async remove(id: string): Promise<void> {
    await this.ask(() => this.redis.del(`session:${id}`));
  }

  async ping(): Promise<void> {
    await this.ask(() => this.redis.ping());
  }

  close(): void {
    this.redis.disconnect();
  }

  private async ask<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      throw new StoreUnavailable("redis", error);
    }
  }
}
