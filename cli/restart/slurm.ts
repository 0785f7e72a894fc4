import type { Progress } from "../../lib/progress";
import type { Machines } from "../../lib/machines";
import { lookAtControllers, planSwitchover, switchoverSlurm } from "../slurmSwitchover";
import type { PublicOutputs } from "../stack";
import { SERVICE_SECONDS, type TierWork } from "../../rollout/work";

/** The daemons of the controllers. */
export function slurm(machines: Machines, outputs: PublicOutputs, progress: Progress): TierWork {
  const look = () => lookAtControllers(machines, outputs.vips.slurm);
  return {
    parts: async () => {
      const now = await look();
      return { members: now.map((c) => c.name), holder: now.find((c) => c.vip)?.name };
    },
    missing: async () => {
      const plan = planSwitchover(await look());
      if ("reasons" in plan) return plan.reasons.join("; ");
      const said = await machines.ask(
        plan.from,
        "timeout 5 scontrol ping >/dev/null && systemctl is-active slurmdbd",
      );
      return said === undefined ? `slurmctld or slurmdbd on ${plan.from} does not answer` : "";
    },
    relieve: async () => {
      const code = await switchoverSlurm(machines, outputs, progress);
      if (code !== 0) throw new Error("the switchover of Slurm's controllers: see above");
    },
    restart: async (machine) => {
      await machines.run(
        machine,
        "systemctl restart munge slurmdbd slurm-watch keepalived",
        SERVICE_SECONDS,
      );
    },
  };
}

/** States in which a compute node takes or runs jobs. */
const HEALTHY_NODE = /^(idle|mixed|allocated|completing)$/;

/** slurmd on the compute nodes. */
export function compute(machines: Machines): TierWork {
  const members = machines.names("compute");
  return {
    parts: () => Promise.resolve({ members }),
    missing: async () => {
      const ask = (name: string) => `sinfo --noheader --nodes=${name} --format=%T`;
      const states = await Promise.all(members.map((name) => machines.ask(name, ask(name))));
      const sick = members.findIndex((_, i) => !HEALTHY_NODE.test(states[i]?.trim() ?? ""));
      return sick < 0 ? "" : `${members[sick]} is ${states[sick]?.trim() || "not answering"}`;
    },
    // Jobs go on: only slurmd itself is restarted (KillMode=process).
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart slurmd", SERVICE_SECONDS);
    },
  };
}
