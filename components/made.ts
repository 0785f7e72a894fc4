import * as path from "node:path";
import { contentHash, digest } from "../lib/hash";
import { projectRoot } from "../lib/project";
import type { Made, SiteRecord } from "../plan/record";
import { POOL_VARIABLE } from "./web/pool";
import type { ReleasedService } from "./web/releases";

/** What `pulumi up` reads of the project. */
const PROGRAM = [
  "index.ts",
  "package-lock.json",
  "ansible",
  "components",
  "drivers",
  "haproxy",
  "lib",
  "plan",
  "policy",
  "programs",
  "releases",
  "rollout",
  "slurm-ha",
];
/** Who is in the pool is what differs from run to run. */
const OF_THE_POOL = ["webReplicas", "webPool"];

/** The message begins so, for who asked: the autoscaler tells it from a failure. */
export const OUTDATED = "not what the site was last updated with";

/**
 * Program, config and versions of a run.
 * @param raw the stack config as text
 * @param secret whether a key holds secrets: these are left out, so that nobody can guess them by their digest
 */
export const madeWith = (
  raw: Record<string, string>,
  secret: (key: string) => boolean,
  services: ReleasedService[],
): Made => ({
  program: contentHash(...PROGRAM.map((name) => path.join(projectRoot, name))),
  config: digest(
    Object.entries(raw)
      .filter(([key]) => !OF_THE_POOL.includes(key) && !secret(key))
      .sort(([a], [b]) => a.localeCompare(b)),
  ),
  versions: Object.fromEntries(
    services.map(({ name, release: { source } }) => [
      name,
      "commit" in source ? source.commit : source.hash,
    ]),
  ),
});

/**
 * A run that is to change the pool must change nothing else: not with another program or config, nor to another
 * version of a web service. Pure.
 * @returns why not; undefined where nothing speaks against it
 */
export function otherThanMade(before: SiteRecord | undefined, now: Made): string | undefined {
  const was = before?.made;
  const differs = !was
    ? ["nothing is known of it"]
    : [
        ...(was.program === now.program ? [] : ["the program is another"]),
        ...(was.config === now.config ? [] : ["the config is another"]),
        ...Object.entries(now.versions).flatMap(([service, version]) =>
          was.versions[service] === version ? [] : [`service ${service} is another`],
        ),
      ];
  return differs.length === 0
    ? undefined
    : `This clone is ${OUTDATED} (${differs.join(", ")}), and ${POOL_VARIABLE} asks for another web pool only; nothing was ` +
        "changed. Bring the clone to what the site runs, or run `pulumi up` from it first";
}
