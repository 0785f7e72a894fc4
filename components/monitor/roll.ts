import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { ALERTMANAGER, BLACKBOX, LOG_ENTRY, LOG_STORE, PROMETHEUS } from "./units";

const PROGRAMS = [PROMETHEUS, ALERTMANAGER, BLACKBOX, LOG_STORE, LOG_ENTRY];
/** Whether all of them run: of several that it is asked for at once systemd is content with one. Nobody is sent to one of the machines. */
const RUNS = [...PROGRAMS.map((unit) => `systemctl is-active --quiet ${unit}`), "echo yes"].join(
  " && ",
);

/** The monitor's machines: the other one watches meanwhile, and a lone one misses a moment. */
export function roll({ machines }: RunningSite): Roll {
  const members = machines.names("monitor");
  const sick = async () => {
    const said = await Promise.all(members.map((name) => machines.ask(name, RUNS)));
    return members.filter((_, i) => said[i]?.trim() !== "yes");
  };
  return {
    parts: async () => ({ members, sick: await sick() }),
    missing: async (but = []) => {
      const left = (await sick()).filter((name) => !but.includes(name));
      return left.length === 0 ? "" : `${left.join(", ")} does not watch`;
    },
    inPlace: ["settings", "restart"],
    restart: async (machine) => {
      await machines.run(machine, `systemctl restart ${PROGRAMS.join(" ")}`, SERVICE_SECONDS);
    },
  };
}
