import { ROLLED, rollsOf } from "../../components/rolls";
import { elapsed } from "../../lib/progress";
import { machinesOf } from "../../plan/outputs";
import { GATE_SECONDS } from "../../rollout/gate";
import { Journal } from "../../rollout/journal";
import { clearMark, lookForMark, setMark } from "../../rollout/mark";
import { chooseTiers } from "../../rollout/plan";
import { patient } from "../../rollout/roll";
import { rollOut } from "../../rollout/run";
import type { Context } from "../command";
import { runningSite } from "../runningSite";
import { lockedSite } from "../siteLock";

/**
 * `npx hpc restart [TIER]…`: restarts the services of the tiers, one machine at a time, each only when its tier is
 * whole. Stops at a gate that does not open; the same command goes on from there.
 */
export async function restart(context: Context): Promise<number> {
  const { args, progress, outputs } = context;
  const tiers = chooseTiers(args, ROLLED);
  const start = Date.now();
  const site = runningSite(context);
  const { machines } = site;
  const mend = `npx hpc restart ${args.join(" ")}`.trim();
  await lockedSite(context, mend, async ({ signal, journal, write }) => {
    const marked = await Promise.all(
      machinesOf(outputs).map(async ({ tier, name }) =>
        (await machines.ask(name, lookForMark("restart")))?.trim() === "marked"
          ? [{ tier, machine: name }]
          : [],
      ),
    );
    await rollOut({
      rolls: rollsOf(site),
      tiers,
      journal: new Journal(journal, tiers, write),
      left: marked.flat(),
      mark: async (machine) => void (await machines.run(machine, setMark("restart"))),
      clear: async (machine) => void (await machines.run(machine, clearMark("restart"))),
      progress,
      signal,
      gateSeconds: patient(site, GATE_SECONDS),
    });
  });
  progress(`All of ${tiers.join(", ")} restarted (${elapsed(start)}). Look: npx hpc status`);
  return 0;
}
