import { z } from "zod";
import { label, unprivileged } from "../../plan/config";
import type { Files } from "../../plan/files";
import { healthHost, healthPath, healthStatus } from "../../plan/healthCheck";
import { SAMPLE_PORTAL } from "../../portal/catalogue";
import { RELEASES } from "../../releases/release";
import { environmentFaults } from "./environment";
import { sourceFaults, sourceSchema } from "./source";

/** One web service that runs on every web node, from one systemd template. */
const serviceSchema = z.strictObject({
  /** Unit, directory and HAProxy backend name. */
  name: label,
  /** TCP port on the web node; unique among the services. */
  port: unprivileged,
  /** Public path prefix; the longest prefix wins and the path is passed on unchanged. */
  path: z.string().regex(/^\/[\w/-]*$/, "an absolute path"),
  /** HAProxy balancing algorithm. Default leastconn (requirements: `roundrobin` for auth only). */
  balance: z.enum(["roundrobin", "leastconn"]).default("leastconn"),
  /** Keep a client on its server with an inserted SERVERID cookie. Default false. */
  sticky: z.boolean().default(false),
  /** Path that HAProxy checks. Default /health. */
  healthPath: healthPath.default("/health"),
  /** Host name that the check asks for, where the service answers only to its own (Django's ALLOWED_HOSTS). Default: the web VIP. */
  healthHost: healthHost.optional(),
  /** Status of a healthy answer as HAProxy writes it: codes and ranges, e.g. 204 or 200-399. Default 200. */
  healthStatus: healthStatus.default("200"),
  /** Longest wait for the answer to a check, s; what is longer makes a dead node show later. Default 0.8. */
  checkSeconds: z.number().min(0.1).max(60).default(0.8),
  /** Longest silence of the service while it answers a request, s. Default 60, as Nginx had it. */
  serverSeconds: z.number().min(1).max(86_400).default(60),
  /** What to deploy: a directory of the management machine, or a git repository at a version. */
  source: sourceSchema,
  /**
   * Shell command that is run once for each content of the source, on the management machine in a root file system like the
   * nodes', which get the result. Default: nothing to build.
   */
  build: z.string().optional(),
  /**
   * Shell command that stays in the foreground and serves on `port`. What its last command starts is the service: it gets
   * SIGTERM when the service is to end, and has a quarter of a minute for it.
   */
  start: z.string().min(1),
  /** Further variables of the service, which get the same bytes. Default: none. */
  environment: z.record(z.string(), z.string()).default({}),
});
export type ServiceConfig = z.infer<typeof serviceSchema>;

/** The services of each web node. Default: the sample portal. */
export const servicesSchema = z.array(serviceSchema).min(1).prefault(SAMPLE_PORTAL);

/** Names, ports and paths that are used twice, variables that cannot be carried, and sources that are not there. */
export function checkServices(services: ServiceConfig[], files: Files): string[] {
  const faults = services.flatMap(({ environment }, i) =>
    environmentFaults(environment).map((fault) => `services.${i}.environment.${fault}`),
  );
  const seen = new Set<string>();
  services.forEach(({ name, source }, i) => {
    if (name === RELEASES) faults.push(`services.${i}.name = "${name}": is taken by the releases`);
    const text = JSON.stringify(source);
    if (!seen.has(text)) faults.push(...sourceFaults(`services.${i}.source`, source, files));
    seen.add(text);
  });
  for (const field of ["name", "port", "path"] as const) {
    const seen = new Map<string | number, string>();
    services.forEach((s, i) => {
      const other = seen.get(s[field]);
      if (other !== undefined) {
        faults.push(
          `services.${i}.${field} = ${JSON.stringify(s[field])}: already used by ${other}; must be unique`,
        );
      }
      seen.set(s[field], s.name);
    });
  }
  return faults;
}
