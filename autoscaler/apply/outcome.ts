import { OUTDATED } from "../../components/made";
import { POOL_VARIABLE } from "../../components/web/pool";
import { RECORD_TYPE } from "../../plan/record";
import type { Rotation } from "../../components/entry/rotation";
import type { Result } from "../updates";

/** What an update of the web pool changes, and nothing else: patterns of Pulumi's names. @param stack without project */
export const targetsOf = (stack: string, project: string): string[] => {
  const of = (rest: string) => `urn:pulumi:${stack}::${project}::${rest}`;
  return [
    of(`${RECORD_TYPE}::record`),
    of("hpc-ha:web:Web::web"),
    of("hpc-ha:web:Web$**"),
    of("**::entry-membership"),
    of("hpc-ha:site:SiteFiles::files"),
    of("hpc-ha:site:SiteFiles$**"),
  ];
};

/** How Pulumi's program is told the pool. */
export const poolEnvironment = (pool: string[]): Record<string, string> => ({
  [POOL_VARIABLE]: pool.join(" "),
});

/** What a failed update says: of Pulumi's lock, of the site's, of the clone, or of something else. Pure. */
export function kindOf(said: string): NonNullable<Result["kind"]> {
  if (/currently locked by|the site is locked|\[409\] Conflict/.test(said)) return "locked";
  return said.includes(OUTDATED) ? "outdated" : "failed";
}

/** Pulumi's frame around a reason. */
const FRAME = /^(update|preview) failed$|^Running program|^resource .* does not exist/;

/** The sentence of a failure: the first error that is a reason. Pure. @param said all that Pulumi said */
export function reasonOf(said: string): string {
  const errors = [...said.matchAll(/^\s*error: (.*)$/gm)].map(([, text = ""]) => text.trim());
  return errors.find((text) => !FRAME.test(text)) ?? "Pulumi failed without a reason";
}

/** Whether a line of Pulumi's output is for the log: not the dots by which it shows that it is at work. Pure. */
export const isWorthReading = (line: string): boolean =>
  line.trim() !== "" && !/^@ |^\s*\d+s\s*$/.test(line);

/** Who is in rotation on the HAProxy nodes, held against the pool: pure. */
export interface Seen {
  /** Of the pool, and not up in every backend of every node that answers. */
  missing: string[];
  /** Not of the pool, and still in a backend: addresses. */
  left: string[];
}

/** @param addresses of the web nodes of the pool, by name */
export function held(
  rotation: Rotation[],
  addresses: Record<string, string>,
  backends: string[],
): Seen {
  const own = (address: string) =>
    rotation.every(({ servers }) =>
      backends.every((backend) =>
        servers.some((s) => s.backend === backend && s.address === address && s.up),
      ),
    );
  const known = new Set(Object.values(addresses));
  const left = rotation.flatMap(({ servers }) =>
    servers
      .filter((s) => backends.includes(s.backend) && /^\d/.test(s.address))
      .map(({ address }) => address)
      .filter((address) => address !== "0.0.0.0" && !known.has(address)),
  );
  return {
    missing: Object.keys(addresses).filter((name) => !own(addresses[name] ?? "")),
    left: [...new Set(left)],
  };
}
