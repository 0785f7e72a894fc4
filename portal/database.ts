import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { createPool, type Pool, type RowDataPacket } from "mysql2/promise";
import type { Environment } from "./environment";
import { type Reachable, StoreUnavailable, type UserStore } from "./stores";
import { readCa, verifiedMysql } from "./tls";

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const KEY_BYTES = 32;
/** A statement that has not answered by then failed, ms; a lost Galera node stalls writes for up to 2 s. */
const TIMEOUT = 4_000;
/** A table that cannot be made yet is tried again after, ms. */
const RETRY = 1_000;

type DatabaseEnvironment = Pick<
  Environment,
  | "DB_HOST"
  | "DB_PORT"
  | "DB_NAME"
  | "DB_USER"
  | "DB_PASSWORD"
  | "DB_CA"
  | "PORTAL_ADMIN_USER"
  | "PORTAL_ADMIN_PASSWORD"
>;

/** Users and settings in MariaDB. Tables and the first user are made in the background, when they are not there. */
export class MariaUsers implements UserStore, Reachable {
  private readonly pool: Pool;
  private readonly env: DatabaseEnvironment;
  private ready = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(env: DatabaseEnvironment) {
    this.env = env;
    this.pool = createPool({
      ...verifiedMysql({ host: env.DB_HOST, port: env.DB_PORT, ca: readCa(env.DB_CA) }),
      database: env.DB_NAME,
      user: env.DB_USER,
      password: env.DB_PASSWORD,
      // Eight services on up to ten nodes share one database.
      connectionLimit: 3,
      maxIdle: 1,
      idleTimeout: 30_000,
      connectTimeout: 2_000,
    });
    this.prepare();
  }

  async verify(user: string, password: string): Promise<boolean> {
    const [row] = await this.rows("SELECT password FROM users WHERE name = ?", [user]);
    return row !== undefined && matches(password, String(row["password"]));
  }

  async setting(user: string, key: string): Promise<string | undefined> {
    const sql = "SELECT value FROM settings WHERE user = ? AND name = ?";
    const [row] = await this.rows(sql, [user, key]);
    return row === undefined ? undefined : String(row["value"]);
  }

  async saveSetting(user: string, key: string, value: string): Promise<void> {
    await this.rows(
      "INSERT INTO settings (user, name, value) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)",
      [user, key, value],
    );
  }

  async ping(): Promise<void> {
    await this.rows("SELECT 1", []);
    if (!this.ready) throw new StoreUnavailable("database", "its tables are not there yet");
  }

  async close(): Promise<void> {
    clearTimeout(this.retry);
    await this.pool.end().catch(() => undefined);
  }

  private async rows(sql: string, values: string[]): Promise<RowDataPacket[]> {
    try {
      const [rows] = await this.pool.query<RowDataPacket[]>({ sql, timeout: TIMEOUT }, values);
      return rows;
    } catch (error) {
      throw new StoreUnavailable("database", error);
    }
  }

  /** Eight services on every node may do this at once: each statement is harmless when repeated. */
  private prepare(): void {
    this.makeTables().then(
      () => (this.ready = true),
      () => (this.retry = setTimeout(() => this.prepare(), RETRY)),
    );
  }

  private async makeTables(): Promise<void> {
    const { PORTAL_ADMIN_USER: user, PORTAL_ADMIN_PASSWORD: password } = this.env;
    // Asking first: CREATE TABLE, even of one that exists, stops all writes of a Galera cluster for a moment.
    const known = await this.rows("SHOW TABLES LIKE 'settings'", []);
    if (known.length === 0) {
      await this.rows(
        "CREATE TABLE IF NOT EXISTS users (name VARCHAR(64) PRIMARY KEY, password VARCHAR(255) NOT NULL) ENGINE=InnoDB",
        [],
      );
      await this.rows(
        "CREATE TABLE IF NOT EXISTS settings (user VARCHAR(64), name VARCHAR(128), value TEXT NOT NULL, PRIMARY KEY (user, name)) ENGINE=InnoDB",
        [],
      );
    }
    const [row] = await this.rows("SELECT password FROM users WHERE name = ?", [user]);
    if (row !== undefined && (await matches(password, String(row["password"])))) return;
    await this.rows(
      "INSERT INTO users (name, password) VALUES (?, ?) ON DUPLICATE KEY UPDATE password = VALUES(password)",
      [user, await hash(password)],
    );
  }
}

/** `scrypt$<salt>$<key>` in base64. */
export async function hash(password: string, salt = randomBytes(16)): Promise<string> {
  const key = await derive(password, salt, KEY_BYTES);
  return `scrypt$${salt.toString("base64")}$${key.toString("base64")}`;
}

/** Whether a password is the one of a hash. */
export async function matches(password: string, stored: string): Promise<boolean> {
  const [kind, salt = "", key = ""] = stored.split("$");
  const expected = Buffer.from(key, "base64");
  if (kind !== "scrypt" || expected.length !== KEY_BYTES) return false;
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64"), KEY_BYTES), expected);
}
