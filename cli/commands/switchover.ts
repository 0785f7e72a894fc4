import type { Context } from "../command";
import { Machines } from "../../lib/machines";
import { switchoverEntry } from "../entrySwitchover";
import { switchoverSlurm } from "../slurmSwitchover";

const WHAT: Record<string, typeof switchoverEntry> = {
  controllers: switchoverSlurm,
  entry: switchoverEntry,
};

/** `npx hpc switchover controllers|entry`: the standby machine of a pair takes over, as planned. */
export async function switchover({ args, outputs, progress }: Context): Promise<number> {
  const [what = ""] = args;
  const run = Object.hasOwn(WHAT, what) ? WHAT[what] : undefined;
  if (!run) throw new Error(`switchover ${what}: allowed is ${Object.keys(WHAT).join(" or ")}`);
  return run(new Machines(outputs), outputs, progress);
}
