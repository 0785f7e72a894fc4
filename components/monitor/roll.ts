import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { ALERTMANAGER, PROMETHEUS } from "./units";

/** Whether both programs run; nobody is sent to one of the machines. */
const RUNS = `systemctl is-active --quiet ${PROMETHEUS} ${ALERTMANAGER} && echo yes`;

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
      await machines.run(
        machine,
        `systemctl restart ${PROMETHEUS} ${ALERTMANAGER}`,
        SERVICE_SECONDS,
      );
    },
  };
}
