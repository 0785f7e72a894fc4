import { reaching } from "../../components/externalNodes/reach";
import { EXTERNAL_NODES, restartRoll } from "../../components/externalNodes/restart";
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
  const { args, progress, outputs, stack } = context;
  const { externalNodes = [] } = outputs;
  // Last: a job on one of them may be where it stops.
  const allowed = externalNodes.length > 0 ? [...ROLLED, EXTERNAL_NODES] : ROLLED;
  const tiers = chooseTiers(args, allowed);
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
    // How they are reached is a secret of the stack, which is asked only when it is needed.
    const hosts = tiers.includes(EXTERNAL_NODES) ? (await stack.outputs()).externalHosts : [];
    // Of the owner's machines Slurm itself keeps that they are drained.
    const keep = async (machine: string, text: string) => {
      if (!externalNodes.includes(machine)) await machines.run(machine, text);
    };
    await reaching(outputs.ssh.privateKeyFile, signal, (reach) =>
      rollOut({
        rolls: { ...rollsOf(site), [EXTERNAL_NODES]: restartRoll(site, hosts ?? [], reach) },
        tiers,
        journal: new Journal(journal, tiers, write),
        left: marked.flat(),
        mark: (machine) => keep(machine, setMark("restart")),
        clear: (machine) => keep(machine, clearMark("restart")),
        progress,
        signal,
        gateSeconds: patient(site, GATE_SECONDS),
      }),
    );
  });
  progress(`All of ${tiers.join(", ")} restarted (${elapsed(start)}). Look: npx hpc status`);
  return 0;
}
