import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";

/** States in which a compute node takes or runs jobs. */
const HEALTHY = /^(idle|mixed|allocated|completing)$/;

/** slurmd on the compute nodes. */
export function roll({ machines }: RunningSite): Roll {
  const members = machines.names("compute");
  return {
    parts: () => Promise.resolve({ members }),
    missing: async () => {
      const ask = (name: string) => `sinfo --noheader --nodes=${name} --format=%T`;
      const states = await Promise.all(members.map((name) => machines.ask(name, ask(name))));
      const sick = members.findIndex((_, i) => !HEALTHY.test(states[i]?.trim() ?? ""));
      return sick < 0 ? "" : `${members[sick]} is ${states[sick]?.trim() || "not answering"}`;
    },
    // Jobs go on: only slurmd itself is restarted (KillMode=process).
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart slurmd", SERVICE_SECONDS);
    },
  };
}
