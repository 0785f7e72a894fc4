import * as fs from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Machines } from "../lib/machines";
import { program } from "../lib/program";
import { type Progress, step } from "../lib/progress";
import { machinesOf } from "../plan/outputs";
import { runPlaybook } from "../programs/ansible";
import { becomeReady } from "../programs/ready";
import { clearMark, lookForMark, setMark } from "../rollout/mark";
import { GATE_SECONDS, openGate } from "../rollout/gate";
import { planTier } from "../rollout/plan";
import { patient, type RunningSite } from "../rollout/roll";
import { interruption, rollTier } from "../rollout/tier";
import { type ChangeRequest, changeSchema } from "./changeRequest";
import {
  activity,
  neverConfigured,
  orderOf,
  outdatedOf,
  powerCommand,
  tierOf,
} from "./changeTargets";
import type { Outcome } from "./configurationProvider";
import { rollsOf } from "./rolls";

/** Tasks of these roles begin so: keys, firewall, packages, what tells metrics and sends logs. No client notices them. */
const IN_PLACE = ["base : ", "node_exporter : ", "logs : "];

/**
 * Makes machines of a tier what they are told to be. Those that nobody has configured yet, all at once; those that
 * serve, one at a time by the roll-out, and only those in which something would change.
 * @param signal aborted when whoever asked for it is gone
 * @param interrupted aborted when no further machine is to be begun. Default: never
 */
export async function changeMachines(
  request: ChangeRequest,
  progress: Progress,
  signal: AbortSignal,
  interrupted?: AbortSignal,
): Promise<Outcome> {
  const { tier, run, site, todo } = request;
  const outcome: Outcome = { done: {}, faults: {}, waiting: false };
  const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-change-"));
  const knownHostsFile = path.join(directory, "known_hosts");
  fs.writeFileSync(knownHostsFile, request.knownHosts);
  const access = { user: "root", privateKeyFile: run.sshKeyFile, knownHostsFile };
  const machines = new Machines(machinesOf(site), access, { cheap: true }, site.failoverPatience);
  const running = { outputs: site, machines, progress };
  const play = async (limit: string[], check = false) => {
    const whole = limit.length === machines.names(tier).length;
    return runPlaybook(run, { ...(!whole && { limit }), check, say: progress, signal });
  };
  try {
    if (request.mode === "plan") return { ...outcome, order: await orderOf(request, machines) };
    if (request.relieveOnly) {
      for (const machine of todo) {
        await relieveOnly(running, tier, machine, request.units);
        outcome.done[machine] = [];
      }
      return outcome;
    }
    if (request.ready) await becomeReady(request.ready);
    const fresh = await neverConfigured(request, machines);
    const known = todo.filter((m) => !fresh.includes(m));
    const presentFirst = known.length > 0 && tierOf(tier)?.presentFirst === true;
    if (fresh.length > 0 && !presentFirst) await configureNew(fresh);
    if (known.length > 0 && request.mode !== "turn") return { ...outcome, waiting: true };
    if (known.length > 0) await changePresent(known, fresh);
    if (fresh.length > 0 && presentFirst) await configureNew(fresh);
  } catch (error) {
    outcome.error = (error as Error).message;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
  return outcome;

  async function configureNew(fresh: string[]): Promise<void> {
    const { hosts, ok, failure } = await play(fresh);
    for (const machine of fresh) {
      const host = hosts.get(machine);
      if (host && host.failure === undefined) outcome.done[machine] = host.files;
      else outcome.faults[machine] = host?.failure ?? (failure.join("\n") || "was not reached");
    }
    const bearable = tierOf(tier)?.independent === true && Object.keys(outcome.done).length > 0;
    if (!ok && !bearable) throw new Error(failure.join("\n"));
  }

  async function changePresent(known: string[], fresh: string[]): Promise<void> {
    mayBegin(known);
    const marked = await Promise.all(
      known.map(async (m) => (await machines.run(m, lookForMark("change"))).trim() === "marked"),
    );
    const dirty = known.filter((m, i) => marked[i] || request.drifted.includes(m));
    const clean = known.filter((m) => !dirty.includes(m));
    const outdated = await outdatedOf(request.power, known);
    const affected = [...dirty];
    let felt = dirty.length + outdated.length > 0;
    const look = async (some: string[]) => {
      const { hosts, ok, failure } = await play(some, true);
      if (!ok) throw new Error(failure.join("\n"));
      for (const machine of some) {
        const host = hosts.get(machine);
        felt ||=
          host?.changed.some((task) => !IN_PLACE.some((begin) => task.startsWith(begin))) ?? true;
        const same = host?.changed.length === 0 && !outdated.includes(machine);
        if (same) outcome.done[machine] = host.files;
        else affected.push(machine);
      }
    };
    const [first, ...others] = clean;
    // One that takes its settings in place loses nothing by being told what it has already: the first one tells enough.
    const alike = rollsOf(running)[tier]?.inPlace?.includes("settings") === true;
    if (first !== undefined) await look(alike ? [first] : clean);
    if (alike && affected.length > dirty.length && felt) affected.push(...others);
    else if (alike && others.length > 0) await look(others);
    // What no client feels may be why nobody reaches them: a firewall that keeps the entry out.
    const suspects = felt ? dirty : affected;
    if (affected.length > 0) await changeKnown(affected, suspects, outdated, felt, fresh);
  }

  function mayBegin(left: string[]): void {
    if (interrupted?.aborted) throw new Error(interruption(Object.keys(outcome.done), left));
  }

  async function changeKnown(
    affected: string[],
    suspects: string[],
    outdated: string[],
    felt: boolean,
    excused: string[],
  ): Promise<void> {
    const change = async (limit: string[]) => {
      for (const machine of limit.filter((m) => outdated.includes(m))) {
        progress(`    ${machine} starts anew`);
        await powerCommand(request.power[machine] ?? [], "cycle");
      }
      const { hosts, ok, failure } = await play(limit);
      if (!ok) throw new Error(failure.join("\n"));
      for (const m of limit) files.set(m, hosts.get(m)?.files ?? []);
    };
    const files = new Map<string, string[]>();
    const done = async (machine: string) => {
      await machines.run(machine, clearMark("change"));
      outcome.done[machine] = files.get(machine) ?? [];
    };
    const begin = async (machine: string) => {
      await machines.run(machine, setMark("change"));
    };
    const roll = rollsOf(running)[tier];
    if (!roll) {
      mayBegin(affected);
      await change(affected);
      await Promise.all(affected.map(done));
      return;
    }
    const objections = (await roll.objections?.()) ?? "";
    if (objections !== "") throw new Error(`${objections}\nNothing was changed.`);
    await rollTier({
      tier,
      roll,
      todo: affected,
      suspects,
      excused: [...affected, ...excused],
      change,
      felt: outdated.length > 0 || (felt && roll.inPlace?.includes("settings") !== true),
      begin,
      done,
      progress,
      signal,
      ...(interrupted && { interrupted }),
      gateSeconds: patient(running, GATE_SECONDS),
    });
  }
}

/**
 * Before a machine is made anew: its clients go elsewhere. One that is not there, or serves nobody, has none.
 * @throws Error when its tier is not whole, and could not spare it
 */
async function relieveOnly(
  site: RunningSite & { machines: Machines },
  tier: string,
  machine: string,
  units: string[],
): Promise<void> {
  const { machines, progress } = site;
  const roll = rollsOf(site)[tier];
  if (!roll || (await machines.ask(machine, activity(units))) === undefined) return;
  const parts = await roll.parts();
  if (parts.sick.includes(machine)) return;
  await step(`${tier}: ${machine} is about to be made anew`, progress, async () => {
    await openGate(roll, tier, 5);
    await machines.run(machine, setMark("change"));
    const { steps } = planTier(parts, roll.relieve !== undefined, [machine]);
    if (steps.some(({ action }) => action === "relieve")) {
      await roll.relieve?.(machine);
      await openGate(roll, tier, patient(site, GATE_SECONDS));
    }
    await roll.takeOut?.(machine);
  });
}

if (require.main === module) {
  const abort = new AbortController();
  const interrupt = new AbortController();
  // Its end is that of whoever started this. A word is Ctrl-C.
  new net.Socket({ fd: 3 })
    .on("error", () => undefined)
    .on("data", () => interrupt.abort(new Error("interrupted")))
    .on("close", () => abort.abort(new Error("cut off")));
  const progress: Progress = (text) => console.error(text);
  program(changeSchema, async (request) => {
    const outcome = await changeMachines(request, progress, abort.signal, interrupt.signal);
    console.log(JSON.stringify(outcome));
  });
}
