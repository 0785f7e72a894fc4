import { Machines } from "../lib/machines";
import { machinesOf } from "../plan/outputs";
import type { RunningSite } from "../rollout/roll";
import type { Context } from "./command";

/** The site of a command, for what works on its machines. */
export const runningSite = ({ outputs, progress }: Context): RunningSite => ({
  outputs,
  machines: new Machines(machinesOf(outputs), outputs.ssh, {}, outputs.failoverPatience),
  progress,
});
