import { AT_ONCE } from "../../programs/ansible";
import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { quote } from "../look";
import { draining } from "../slurm/drain";
import { byPerson, NODE_STATE, readNodeState } from "../slurm/nodeState";

/** States in which a compute node takes or runs jobs. */
export const HEALTHY = /^(idle|mixed|allocated|completing)$/;

/** States of one that takes no new jobs and still has some. */
export const BUSY = /^(draining|drng)/;

/** slurmd on the compute nodes. One that a person has drained is neither sick nor in the way, and stays drained. */
export function roll({ machines }: RunningSite): Roll {
  const members = machines.names("compute");
  const stateOf = async (name: string) =>
    readNodeState(
      (await machines.ask(
        name,
        `sinfo --noheader --nodes=${name} --format=${quote(NODE_STATE)}`,
      )) ?? "",
    );
  const sick = async () => {
    const states = await Promise.all(
      members.map(async (name) => ({ name, ...(await stateOf(name)) })),
    );
    return states.filter(
      (node) => !HEALTHY.test(node.state) && !BUSY.test(node.state) && !byPerson(node),
    );
  };
  return {
    parts: async () => ({ members, sick: (await sick()).map(({ name }) => name) }),
    missing: async () => {
      const [first] = await sick();
      return first ? `${first.name} is ${first.state || "not answering"}` : "";
    },
    // Jobs go on: only slurmd itself is restarted (KillMode=process).
    inPlace: ["settings", "restart"],
    together: AT_ONCE,
    ...draining({ stateOf, tell: (name, text) => machines.run(name, text) }),
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart slurmd", SERVICE_SECONDS);
    },
  };
}
