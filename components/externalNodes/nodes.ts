import type { ReachedHost } from "../slurm/nodeSsh";
import { interruption, rollTier } from "../../rollout/tier";
import type { Progress } from "../../lib/progress";
import { AT_ONCE } from "../../programs/ansible";
import type { Reach, Said } from "./reach";
import { type AskController, counts, nodeStates, rollOf } from "./roll";

/** Longest time for a look at a machine, and for a change of one with its packages, s. */
const CHECK_SECONDS = 60;
const JOIN_SECONDS = 600;

/** Stands for a machine: one of another address is another. */
export const idOf = ({ name, address }: { name: string; address: string }): string =>
  `${name} ${address}`;

export interface Joining {
  hosts: ReachedHost[];
  /** The program that makes a machine a node, for one of them. */
  program: (host: ReachedHost) => string;
  reach: Reach;
  ask: AskController;
  progress: Progress;
  signal?: AbortSignal;
  /** When aborted no further machine that has jobs is begun. */
  interrupted?: AbortSignal;
}

export interface Joined {
  /** Ids of those that are as wanted. */
  done: string[];
  /** Those that nobody got to: they are in no one's way, and have their turn with the next run. */
  away: Record<string, string>;
  /** Those with which something is wrong. */
  refused: Record<string, string>;
}

/** Does something for all, some at a time. */
export async function forAll<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
}

/** What a look at a machine found: whether it is a node by now, and what is not as wanted. */
export const readCheck = (lines: string[]): { fresh: boolean; changes: string[] } => ({
  fresh: lines.includes("new"),
  changes: lines.filter((line) => line !== "new"),
});

/**
 * Makes machines nodes of the cluster. Each is looked at first; new ones, and those that have no jobs since Slurm does not count
 * on them, all at once; the others by the roll-out. None of them waits for one that is away, or refuses.
 */
export async function joinNodes(joining: Joining): Promise<Joined> {
  const { hosts, program, reach, ask, progress, signal, interrupted } = joining;
  const outcome: Joined = { done: [], away: {}, refused: {} };
  const keep = (host: ReachedHost, said: Said) => {
    if (said.kind === "done") outcome.done.push(idOf(host));
    else outcome[said.kind][host.name] = said.why;
  };
  const join = (host: ReachedHost) => reach(host, program(host), [], JOIN_SECONDS);
  const states = await nodeStates(
    ask,
    hosts.map(({ name }) => name),
  );
  const idle: ReachedHost[] = [];
  const serving: ReachedHost[] = [];
  await forAll(hosts, async (host) => {
    const said = await reach(host, program(host), ["check"], CHECK_SECONDS);
    if (said.kind !== "done") return keep(host, said);
    const { fresh, changes } = readCheck(said.lines);
    if (!fresh && changes.length === 0) return keep(host, said);
    (fresh || !counts(states.get(host.name)) ? idle : serving).push(host);
  });
  if (idle.length > 0) progress(`nodes of the owner's: ${namesOf(idle)}, where nobody is served`);
  await forAll(idle, async (host) => keep(host, await join(host)));
  const byName = new Map(serving.map((host) => [host.name, host]));
  const todo = hosts.flatMap(({ name }) => (byName.has(name) ? [name] : []));
  if (todo.length === 0) return outcome;
  const changed = new Map<string, Said>();
  try {
    if (interrupted?.aborted) throw new Error(interruption([], todo));
    const roll = rollOf(ask, todo);
    await rollTier({
      ...{ tier: "nodes of the owner's", roll, todo, progress, felt: false },
      change: async (machines) => {
        await forAll(machines, async (name) => {
          const host = byName.get(name);
          if (host) changed.set(name, await join(host));
        });
        for (const name of machines) {
          const said = changed.get(name);
          // One that went away meanwhile shows at the gate, where Slurm misses it.
          if (said?.kind === "refused") throw new Error(said.why);
        }
      },
      begin: () => Promise.resolve(),
      done: () => Promise.resolve(),
      ...(signal && { signal }),
      ...(interrupted && { interrupted }),
    });
  } catch (error) {
    const why = (error as Error).message;
    outcome.refused[todo.find((name) => changed.get(name)?.kind !== "done") ?? todo.join(", ")] =
      why;
  }
  for (const [name, said] of changed) {
    const host = byName.get(name);
    if (host && said.kind !== "refused") keep(host, said);
  }
  return outcome;
}

/** Has machines leave the cluster that slurm.conf does not name any more. @returns those that have, and of the others why not */
export async function leaveNodes(
  hosts: ReachedHost[],
  program: string,
  reach: Reach,
): Promise<{ gone: string[]; stay: Record<string, string> }> {
  const outcome: { gone: string[]; stay: Record<string, string> } = { gone: [], stay: {} };
  await forAll(hosts, async (host) => {
    const said = await reach(host, program, [], CHECK_SECONDS);
    if (said.kind === "done") outcome.gone.push(idOf(host));
    else outcome.stay[idOf(host)] = said.why;
  });
  return outcome;
}

const namesOf = (hosts: ReachedHost[]): string => {
  const names = hosts.map(({ name }) => name);
  return names.length > 10
    ? `${names.slice(0, 10).join(", ")} and ${names.length - 10} more`
    : names.join(", ");
};
