import type { Roll } from "../../rollout/roll";
import { AT_ONCE } from "../../programs/ansible";
import { BUSY, HEALTHY } from "../compute/roll";
import { byPerson, NODE_STATE, type NodeState, readNodeState } from "../slurm/nodeState";

/** Asks a controller; "" when none answers. */
export type AskController = (text: string) => Promise<string>;

/** What Slurm says of nodes, by name. */
export async function nodeStates(
  ask: AskController,
  names: string[],
): Promise<Map<string, NodeState>> {
  if (names.length === 0) return new Map();
  const said = await ask(
    `sinfo --noheader --Node --nodes=${names.join(",")} --format='%N ${NODE_STATE}'`,
  );
  return new Map(
    said.split("\n").flatMap((line) => {
      const [, name, rest] = /^(\S+) (.*)$/.exec(line.trim()) ?? [];
      return name === undefined || rest === undefined ? [] : [[name, readNodeState(rest)] as const];
    }),
  );
}

/** Whether a node takes or has jobs, or a person has drained it. */
export const counts = (node: NodeState | undefined): boolean =>
  node !== undefined && (HEALTHY.test(node.state) || BUSY.test(node.state) || byPerson(node));

/**
 * slurmd on machines of the owner's: as on compute nodes, but asked at a controller, and those alone that were well before.
 * Another one that is down is its owner's, and in nobody's way.
 */
export const rollOf = (ask: AskController, members: string[]): Roll => ({
  parts: () => Promise.resolve({ members, sick: [] }),
  missing: async (but = []) => {
    const states = await nodeStates(ask, members);
    const sick = members.find((name) => !but.includes(name) && !counts(states.get(name)));
    return sick === undefined
      ? ""
      : `${sick} is ${states.get(sick)?.state ?? "unknown to the controllers, or none answers"}`;
  },
  // Jobs go on: only slurmd itself is restarted (KillMode=process).
  inPlace: ["settings"],
  together: AT_ONCE,
  restart: () => Promise.reject(new Error("is its owner's")),
});
