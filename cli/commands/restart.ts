import * as path from "node:path";
import { ROLLED, rollsOf } from "../../components/rolls";
import { hpcHome } from "../../lib/home";
import { elapsed } from "../../lib/progress";
import { GATE_SECONDS } from "../../rollout/gate";
import { Journal } from "../../rollout/journal";
import { chooseTiers } from "../../rollout/plan";
import { patient } from "../../rollout/roll";
import { rollOut } from "../../rollout/run";
import type { Context } from "../command";
import { runningSite } from "../runningSite";

/**
 * `npx hpc restart [TIER]…`: restarts the services of the tiers, one machine at a time, each only when its tier is
 * whole. Stops at a gate that does not open; the same command goes on from there.
 */
export async function restart(context: Context): Promise<number> {
  const { args, stack, progress } = context;
  const tiers = chooseTiers(args, ROLLED);
  const start = Date.now();
  const site = runningSite(context);
  const journal = new Journal(path.join(hpcHome(), `restart-${stack.name}.json`), tiers);
  const gateSeconds = patient(site, GATE_SECONDS);
  await rollOut({ rolls: rollsOf(site), tiers, journal, progress, gateSeconds });
  progress(`All of ${tiers.join(", ")} restarted (${elapsed(start)}). Look: npx hpc status`);
  return 0;
}
