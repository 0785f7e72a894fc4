/** What must be as it was for the base state to be there still, and what of it is not. Pure. */
import { createHash } from "node:crypto";

/** What is seen of the stack from outside its machines. */
export interface Witness {
  /** Hash of the base state's config. */
  config: string;
  /** Hash of what Pulumi's state says of all resources. */
  resources: string;
  /** Every machine by its domain's name: the first process of its present boot. */
  machines: Record<string, string>;
}

/** What is seen now; a part is undefined when it is not as a base state leaves it. */
export type Sight = { [K in keyof Witness]: Witness[K] | undefined };

/**
 * Whether the base state that was reached is there still.
 * @param kept what was seen when it was reached; undefined when somebody has acted on the machines since
 * @returns why it must be brought about again; undefined when nothing changed
 */
export function whatChanged(kept: Witness | undefined, now: Sight): string | undefined {
  if (kept === undefined) return "machines were acted on since";
  if (now.config !== kept.config) return "another config";
  if (now.resources === undefined) return "Pulumi's state cannot be read, or is locked";
  if (now.resources !== kept.resources) return "Pulumi's state is another";
  const machines = now.machines ?? {};
  const names = new Set([...Object.keys(kept.machines), ...Object.keys(machines)]);
  const others = [...names].filter((name) => machines[name] !== kept.machines[name]).sort();
  return others.length === 0 ? undefined : `not as they were: ${others.join(", ")}`;
}

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Hash of the resources in a state file of the local backend: the same after an update that changed none.
 * @returns undefined when it is no such file, or an interrupted update left operations of unknown outcome
 */
export function resourcesIn(checkpoint: string): string | undefined {
  interface File {
    checkpoint?: { latest?: { resources?: unknown[]; pending_operations?: unknown[] } };
  }
  try {
    const latest = (JSON.parse(checkpoint) as File).checkpoint?.latest;
    if (!latest?.resources || (latest.pending_operations ?? []).length > 0) return undefined;
    return hashOf(JSON.stringify(latest.resources));
  } catch {
    return undefined;
  }
}

/** A domain of `virsh list --all`; one that is off has no id. */
export interface Domain {
  name: string;
  id: number | undefined;
  state: string;
}

/** The domains of a stack in the output of `virsh -q list --all`. */
export function domainsIn(list: string, prefix: string): Domain[] {
  return list.split("\n").flatMap((line) => {
    const [, id = "", name = "", state = ""] = /^\s*(-|\d+)\s+(\S+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (!name.startsWith(`${prefix}-`)) return [];
    return [{ name, id: id === "-" ? undefined : Number(id), state }];
  });
}

/** When a process was started, in ticks since the machine's boot, of its /proc/…/stat; undefined when it is gone. */
export function startOf(stat: string): string | undefined {
  // The name, in parentheses, may have blanks and parentheses in it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat.includes(")") ? fields[19] : undefined;
}
