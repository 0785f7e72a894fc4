import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { ALERTMANAGER, LOG_ENTRY, LOG_STORE, PROMETHEUS } from "./units";

const UNITS = [PROMETHEUS, ALERTMANAGER, LOG_STORE, LOG_ENTRY].join(" ");
/** Whether all programs run, `is-active` says yes for one of them; nobody is sent to one of the machines. */
const RUNS = `for unit in ${UNITS}; do systemctl is-active --quiet $unit || exit; done; echo yes`;

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
      await machines.run(machine, `systemctl restart ${UNITS}`, SERVICE_SECONDS);
    },
  };
}
