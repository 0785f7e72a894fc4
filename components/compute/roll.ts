import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";

/** States in which a compute node takes or runs jobs. */
const HEALTHY = /^(idle|mixed|allocated|completing)$/;

/** slurmd on the compute nodes. */
export function roll({ machines }: RunningSite): Roll {
  const members = machines.names("compute");
  const sick = async () => {
    const ask = (name: string) => `sinfo --noheader --nodes=${name} --format=%T`;
    const states = await Promise.all(members.map((name) => machines.ask(name, ask(name))));
    return members
      .map((name, i) => ({ name, state: states[i]?.trim() ?? "" }))
      .filter(({ state }) => !HEALTHY.test(state));
  };
  return {
    parts: async () => ({ members, sick: (await sick()).map(({ name }) => name) }),
    missing: async () => {
      const [first] = await sick();
      return first ? `${first.name} is ${first.state || "not answering"}` : "";
    },
    // slurmd alone is restarted, and reads its settings, without its jobs.
    settledInPlace: true,
    // Jobs go on: only slurmd itself is restarted (KillMode=process).
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart slurmd", SERVICE_SECONDS);
    },
  };
}
