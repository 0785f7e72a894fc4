import { until } from "../../lib/wait";
import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { draining } from "../slurm/drain";
import type { ReachedHost } from "../slurm/nodeSsh";
import { drainedByUs, type NodeState } from "../slurm/nodeState";
import type { Reach } from "./reach";
import { type AskController, counts, nodeStates } from "./roll";

/** Their name among the tiers that a person may restart. */
export const EXTERNAL_NODES = "externalNodes";

/** What runs there. A machine that has left the cluster has no slurmd of this program's. */
const RESTART =
  "[ -e /var/lib/hpc-ha/cluster ] || { echo 'it is no node of a cluster' >&2; exit 1; }; systemctl restart slurmd";

/** Asks the first controller that can say it. @throws Error when none can */
export const askingControllers =
  ({ machines }: Pick<RunningSite, "machines">): AskController =>
  async (text) => {
    let why = new Error("there are no controllers");
    for (const name of machines.names("controllers")) {
      try {
        return await machines.run(name, text);
      } catch (error) {
        why = error as Error;
      }
    }
    throw why;
  };

/**
 * slurmd of the owner's machines, as `npx hpc restart` does it: on one without jobs, drained before. What an earlier run left
 * drained is done by the next one, so their state in Slurm is the mark that other machines have on their disk. Those that Slurm
 * does not count on are their owner's, and left alone.
 */
export function restartRoll(
  { machines, progress }: Pick<RunningSite, "machines" | "progress">,
  hosts: ReachedHost[],
  reach: Reach,
): Roll {
  const ask = askingControllers({ machines });
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const names = [...byName.keys()];
  const restarted: string[] = [];
  const stateOf = async (name: string) =>
    (await nodeStates(ask, [name])).get(name) ?? { state: "unknown to the controllers" };
  const startOf = async (name: string) =>
    /SlurmdStartTime=(\S+)/.exec(await ask(`scontrol show node ${name}`))?.[1] ?? "";
  let told = false;
  return {
    parts: async () => {
      const states = await nodeStates(ask, names);
      const state = (name: string) => states.get(name)?.state ?? "unknown";
      const takesPart = (node: NodeState | undefined) =>
        counts(node) || (node !== undefined && drainedByUs(node));
      const members = names.filter((n) => takesPart(states.get(n)));
      const left = names.filter((n) => !members.includes(n));
      if (left.length > 0 && !told) {
        progress(
          `${EXTERNAL_NODES}: left alone: ${left.map((n) => `${n} (${state(n)})`).join(", ")}`,
        );
      }
      told = true;
      // Those with jobs last: the first of them may be where it stops.
      const idle = members.filter((n) => /^(idle|drained)$/.test(state(n)));
      return { members: [...idle, ...members.filter((n) => !idle.includes(n))], sick: [] };
    },
    missing: async () => {
      const states = await nodeStates(ask, names);
      const sick = restarted.find((name) => !counts(states.get(name)));
      return sick === undefined ? "" : `${sick} is ${states.get(sick)?.state ?? "unknown"}`;
    },
    ...draining({ stateOf, tell: (_name, text) => ask(text) }),
    restart: async (name) => {
      const host = byName.get(name);
      if (!host) throw new Error("it is no machine that is reached by ssh");
      const before = await startOf(name);
      restarted.push(name);
      const said = await reach(host, RESTART, [], SERVICE_SECONDS);
      if (said.kind !== "done") throw new Error(said.why);
      // Slurm goes on counting on a node for a while whose slurmd does not come up again.
      await until(`slurmd of ${name} to report to the controllers`, SERVICE_SECONDS, async () => {
        const now = await startOf(name);
        return now !== before && now !== "None" && now !== "";
      });
    },
  };
}
