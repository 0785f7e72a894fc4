import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

/** Where a store is reached, and the file of the CA that its certificate must be signed by. */
export interface Server {
  host: string;
  port: number;
  ca: string;
}

/**
 * Options of mysql2 that make it encrypt, and verify chain and host. mysql2 hands the open connection to node's TLS,
 * which knows the host only as the connection's `_host`; node sets that for names and not for addresses.
 */
export const verifiedMysql = ({ host, port, ca }: Server) => ({
  host,
  port,
  ssl: { ca, verifyIdentity: true },
  stream: (): Socket =>
    Object.assign(connect({ host, port, noDelay: true, keepAlive: true }), { _host: host }),
});

/** Options of ioredis that make it encrypt, and verify chain and host. */
export const verifiedRedis = ({ host, port, ca }: Server) => ({ host, port, tls: { ca } });

/** @throws when the file cannot be read */
export const readCa = (file: string): string => readFileSync(file, "utf8");
