import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";

/** States in which a compute node takes or runs jobs. */
const HEALTHY = /^(idle|mixed|allocated|completing)$/;

/** States of one that takes no new jobs and still has some. */
const BUSY = /^(draining|drng)/;

/** slurmd on the compute nodes. */
export function roll({ machines }: RunningSite): Roll {
  const members = machines.names("compute");
  const sick = async () => {
    const ask = (name: string) => `sinfo --noheader --nodes=${name} --format=%T`;
    const states = await Promise.all(members.map((name) => machines.ask(name, ask(name))));
    return members
      .map((name, i) => ({ name, state: states[i]?.trim() ?? "" }))
      .filter(({ state }) => !HEALTHY.test(state) && !BUSY.test(state));
  };
  const scontrol = async (name: string, state: string) => {
    await machines.run(name, `scontrol update nodename=${name} state=${state}`);
  };
  return {
    parts: async () => ({ members, sick: (await sick()).map(({ name }) => name) }),
    missing: async () => {
      const [first] = await sick();
      return first ? `${first.name} is ${first.state || "not answering"}` : "";
    },
    // Jobs go on: only slurmd itself is restarted (KillMode=process).
    inPlace: ["settings", "restart"],
    takeOut: async (name) => {
      await scontrol(name, "drain reason=hpc-ha");
      const jobs = await machines.run(name, `squeue --noheader --nodelist=${name} --format=%A`);
      if (jobs.trim() === "") return;
      // It stays drained: a node that takes new jobs never has none.
      throw new Error(
        `it drains, and these jobs run on it: ${jobs.trim().split("\n").join(", ")}. When they have ended, the same ` +
          `command again; or give it back: scontrol update nodename=${name} state=resume`,
      );
    },
    takeBack: (name) => scontrol(name, "resume"),
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart slurmd", SERVICE_SECONDS);
    },
  };
}
