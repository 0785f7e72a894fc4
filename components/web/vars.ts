import { createHash } from "node:crypto";
import { contentHash } from "../../lib/hash";
import { CA_FILE } from "../certificates";
import { environmentFile, type PlatformVariables } from "./environment";
import type { ServiceConfig } from "./services";

/** The first user of the sample portal. */
export const PORTAL_ADMIN = "admin";

interface Stores {
  redis: { host: string; port: number; password: string };
  database: { host: string; port: number; name: string; user: string; password: string };
  adminPassword: string;
}

/** Variables of ansible/web.yml; its role's argument_specs describe them. The same for every node. */
export function webVars(
  services: ServiceConfig[],
  { redis, database, adminPassword }: Stores,
  ca: string,
  hash = contentHash,
): Record<string, unknown> {
  const releases = new Map(services.map((s) => [releaseId(s, hash), s]));
  const shared = {
    REDIS_HOST: redis.host,
    REDIS_PORT: String(redis.port),
    REDIS_PASSWORD: redis.password,
    REDIS_CA: CA_FILE,
    DB_HOST: database.host,
    DB_PORT: String(database.port),
    DB_NAME: database.name,
    DB_USER: database.user,
    DB_PASSWORD: database.password,
    DB_CA: CA_FILE,
    PORTAL_ADMIN_USER: PORTAL_ADMIN,
    PORTAL_ADMIN_PASSWORD: adminPassword,
  };
  return {
    web_root: "/opt/hpc-dashboard",
    web_releases: [...releases].map(([id, { source, build }]) => ({ id, ...source, build })),
    web_services: services.map((s) => {
      const platform: PlatformVariables = {
        ...shared,
        SERVICE: s.name,
        PORT: String(s.port),
        BASE_PATH: s.path,
        START: s.start,
      };
      return {
        name: s.name,
        release: releaseId(s, hash),
        environment: base64(environmentFile({ ...s.environment, ...platform })),
      };
    }),
    web_ca: ca,
    web_ca_file: CA_FILE,
  };
}

/** As Ansible does not take it for a template of its own, whatever is in it. */
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Names what a service runs; services with the same source and build share a release. */
function releaseId({ source, build }: ServiceConfig, hash: (root: string) => string): string {
  const recipe = JSON.stringify({ ...source, build });
  const content = "path" in source ? hash(source.path) : source.version.replace(/[^\w.-]/g, "_");
  return `${content}-${createHash("sha256").update(recipe).digest("hex").slice(0, 8)}`;
}
