import { z } from "zod";
import type { NetworkMount } from "../../plan/mount";
import { STATE_SHARE } from "../slurm";

/** Who may have them. */
const TIERS = ["compute", "login"] as const;

export const mount = z.strictObject({
  /** NFSv4 server and its directory, e.g. files.example.org:/home. */
  source: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9.-]*:(\/|(\/[\w.+@-]+)+)$/,
      "server:/directory, without blanks and without a / at its end",
    ),
  /** Where the machines have it. */
  target: z
    .string()
    .regex(
      /^(\/(?!\.{1,2}(\/|$))[\w.+@-]+)+$/,
      "an absolute path without blanks, . and .., and without a / at its end",
    ),
  /**
   * Options of nfs(5). Default: what waits for its file server waits for as long as it takes (hard: no job gets an error or half
   * a file), and nobody becomes another user by a file on it.
   */
  options: z
    .string()
    .regex(
      /^(?!x-|.*,x-)[\w.:=/+-]+(,[\w.:=/+-]+)*$/,
      "options of nfs(5), separated by commas; none with x-",
    )
    .default("hard,nosuid,nodev"),
  /** Machines that have it. Default: both. */
  tiers: z
    .array(z.enum(TIERS))
    .min(1)
    .default([...TIERS]),
});
export type Mount = z.infer<typeof mount>;

/** What is Debian's, or this program's. */
const OWNED = [
  ..."bin boot dev etc lib lib32 lib64 libx32 proc root run sbin sys tmp usr var"
    .split(" ")
    .map((name) => `/${name}`),
  STATE_SHARE,
];

/** Faults of the mounts among each other, and with what the machines have themselves. */
export const mountFaults = (mounts: Mount[]): string[] =>
  mounts.flatMap(({ target, tiers }, i) => {
    const at = `mounts.${i}.target = "${target}"`;
    const owner = OWNED.find((own) => target === own || target.startsWith(`${own}/`));
    if (owner !== undefined) return [`${at}: ${owner} is the machines' own`];
    const twice = tiers.filter((tier) =>
      mounts.slice(0, i).some((other) => other.target === target && other.tiers.includes(tier)),
    );
    return twice.length === 0 ? [] : [`${at}: another mount of ${twice.join(", ")} is there`];
  });

/** Variables of role mounts; its argument_specs describe them. */
export const mountVars = (
  mounts: Mount[],
  tier: (typeof TIERS)[number],
): { mounts_wanted: NetworkMount[] } => ({
  mounts_wanted: mounts
    .filter(({ tiers }) => tiers.includes(tier))
    .map(({ source, target, options }) => ({ source, target, options }))
    // What is in another one comes after it.
    .sort((a, b) => (a.target < b.target ? -1 : 1)),
});
