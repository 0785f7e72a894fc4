import { switchover as controllers } from "../../components/controllers/switchover";
import { switchover as entry } from "../../components/entry/switchover";
import type { RunningSite } from "../../rollout/roll";
import type { Context } from "../command";
import { runningSite } from "../runningSite";
import { lockedSite } from "../siteLock";

const PAIRS: Record<string, (site: RunningSite) => Promise<number>> = { controllers, entry };

/** `npx hpc switchover controllers|entry`: the standby machine of a pair takes over, as planned. */
export async function switchover(context: Context): Promise<number> {
  const [pair = ""] = context.args;
  const run = Object.hasOwn(PAIRS, pair) ? PAIRS[pair] : undefined;
  if (!run) throw new Error(`switchover ${pair}: allowed is ${Object.keys(PAIRS).join(" or ")}`);
  return lockedSite(context, `npx hpc switchover ${pair}`, () => run(runningSite(context)));
}
