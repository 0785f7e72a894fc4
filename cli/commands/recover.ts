import { GaleraRecovery } from "../../components/galera/recover";
import type { Context } from "../command";
import { runningSite } from "../runningSite";
import { lockedSite } from "../siteLock";

/** `npx hpc recover galera [--lost NODE]…`: the set's primary component back after a crash of all nodes. */
export async function recover(context: Context): Promise<number> {
  const [tier] = context.args;
  if (tier !== "galera") {
    throw new Error(
      `recover ${tier ?? ""}: allowed is galera; the other tiers recover by themselves`,
    );
  }
  const recovery = new GaleraRecovery(runningSite(context), context.flags["lost"] ?? []);
  return lockedSite(context, "npx hpc recover galera", ({ signal }) => recovery.run(signal));
}
