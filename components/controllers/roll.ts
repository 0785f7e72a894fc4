import { patient, type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { type Controller, lookAtControllers, planSwitchover } from "./pair";
import { restUnits } from "../slurm/rest";
import { switchover } from "./switchover";

/** What each must run, whether it serves or stands by. */
const UNITS = ["munge", "keepalived", "slurm-watch"];

/** The daemons of the controllers; the holder is who has the Slurm VIP. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const look = () => lookAtControllers(machines, outputs.vips.slurm);
  return {
    parts: async () => {
      const now = await look();
      const well = (c: Controller): boolean => UNITS.every((unit) => c.units?.[unit] === "active");
      return {
        members: now.map((c) => c.name),
        holder: now.find((c) => c.vip)?.name,
        sick: now.filter((c) => !c.vip && !well(c)).map((c) => c.name),
      };
    },
    missing: async () => {
      const plan = planSwitchover(await look());
      if ("reasons" in plan) return plan.reasons.join("; ");
      const said = await machines.ask(
        plan.from,
        `timeout ${patient(site, 5)} scontrol ping >/dev/null && systemctl is-active slurmdbd`,
        patient(site, 10),
      );
      return said === undefined ? `slurmctld or slurmdbd on ${plan.from} does not answer` : "";
    },
    relieve: async () => {
      const code = await switchover(site);
      if (code !== 0) throw new Error("the switchover of Slurm's controllers: see above");
    },
    // The watch and keepalived read their settings in place, and slurmctld does without slurmdbd for a while.
    inPlace: ["settings"],
    restart: async (machine) => {
      await machines.run(
        machine,
        `systemctl restart ${["munge slurmdbd slurm-watch keepalived", ...restUnits(outputs)].join(" ")}`,
        SERVICE_SECONDS,
      );
    },
  };
}
