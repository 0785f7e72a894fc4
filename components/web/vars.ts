import { type Release, WEB_ROOT } from "../../releases/release";
import { CA_FILE } from "../certificates";
import { PORTAL_VARIABLES } from "../slurm/rest";
import { environmentFile, type PlatformVariables } from "./environment";
import type { ServiceConfig } from "./services";

/** The first user of the sample portal. */
export const PORTAL_ADMIN = "admin";

interface Stores {
  redis: { host: string; port: number; password: string };
  database: { host: string; port: number; name: string; user: string; password: string };
  adminPassword: string;
  /** Where one of the services asks Slurm for its users, by which API and secret. Default: none does. */
  slurm?: { service: string; url: string; api: string; secret: string } | undefined;
}

/** Variables of ansible/web.yml; its roles' argument_specs describe them. The same for every node. */
export function webVars(
  services: (ServiceConfig & { release: Release })[],
  { redis, database, adminPassword, slurm }: Stores,
  ca: string,
  nodeExporter: { port: number; vcpus: number },
): Record<string, unknown> {
  const releases = new Map(services.map(({ release }) => [release.id, release]));
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
  const [urlName, apiName, secretName] = PORTAL_VARIABLES;
  const asks = slurm && {
    [urlName]: slurm.url,
    [apiName]: slurm.api,
    [secretName]: slurm.secret,
  };
  return {
    web_root: WEB_ROOT,
    web_releases: [...releases.values()].map((release) => ({
      id: release.id,
      request: base64(JSON.stringify(release)),
    })),
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
        release: s.release.id,
        environment: base64(
          environmentFile({
            ...s.environment,
            ...platform,
            ...(s.name === slurm?.service && asks),
          }),
        ),
      };
    }),
    web_ca: ca,
    web_ca_file: CA_FILE,
    node_exporter_port: nodeExporter.port,
    node_exporter_vcpus: nodeExporter.vcpus,
  };
}

/** As Ansible does not take it for a template of its own, whatever is in it. */
const base64 = (text: string): string => Buffer.from(text).toString("base64");
