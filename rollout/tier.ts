import { type Progress, step } from "../lib/progress";
import { GATE_SECONDS, openGate } from "./gate";
import { planTier } from "./plan";
import type { Roll } from "./roll";

/** A change of machines of one tier. */
export interface Change {
  tier: string;
  roll: Roll;
  /** Machines to change. */
  todo: string[];
  /** Does it to a machine that was relieved; several at once only where they serve nobody. May be called again. */
  change(machines: string[]): Promise<void>;
  /** Whether clients feel the change of a machine that serves: then it is relieved first. Default true. */
  felt?: boolean;
  /** Called for each machine: before anything is done to it, and when its tier is whole with it. */
  begin(machine: string): Promise<void>;
  done(machine: string): Promise<void>;
  progress: Progress;
  /** When aborted nothing more is begun. Default: never. */
  signal?: AbortSignal;
  /** Longest wait for the tier to be whole after each machine, s. Default 120. */
  gateSeconds?: number;
  /** The same before anything is touched, s. Default 5: it is a look, nothing is under way. */
  lookSeconds?: number;
}

/**
 * Changes machines of a tier: the sick ones first, then whole → relieve → change one → whole → next. Stops at the first
 * that does not become whole; the others are untouched and serve.
 * @throws Error with what is missing, or what failed
 */
export async function rollTier(run: Change): Promise<void> {
  const { tier, roll, todo, progress, signal, felt = true } = run;
  const { gateSeconds = GATE_SECONDS, lookSeconds = 5 } = run;
  const plan = planTier(await roll.parts(), felt && roll.relieve !== undefined, todo);
  let touched = "Nothing";
  const stop = (at: string) => (error: Error) => {
    throw new Error(`${at}: ${error.message}\n${touched} was changed; the machines after it were not touched.`);
  };
  signal?.throwIfAborted();
  if (plan.sick.length > 0) {
    const names = plan.sick.join(", ");
    await step(`${tier}: ${names}, where nobody is served`, progress, async () => {
      for (const machine of plan.sick) await run.begin(machine);
      touched = `Only ${names}`;
      await run.change(plan.sick);
      for (const machine of plan.sick) {
        await roll.fit?.(machine);
        await roll.takeBack?.(machine);
      }
      await wellAgain(roll, tier, plan.sick, gateSeconds);
      for (const machine of plan.sick) await run.done(machine);
    }).catch(stop(names));
  }
  if (plan.steps.length === 0) return;
  await openGate(roll, tier, plan.sick.length > 0 ? gateSeconds : lookSeconds).catch(
    stop(plan.steps[0]?.machine ?? tier),
  );
  for (const { machine, action } of plan.steps) {
    signal?.throwIfAborted();
    const what = `${tier}: ${machine}`;
    await step(action === "relieve" ? `${what} hands its part over` : what, progress, async () => {
      if (action === "relieve") await roll.relieve?.(machine);
      else {
        await run.begin(machine);
        if (felt) await roll.takeOut?.(machine);
        touched = touched === "Nothing" ? `Only ${machine}` : `${touched}, ${machine}`;
        await run.change([machine]);
        await roll.fit?.(machine);
        if (felt) await roll.takeBack?.(machine);
      }
      await openGate(roll, tier, gateSeconds);
      if (action === "change") await run.done(machine);
    }).catch(stop(machine));
  }
}

/** Waits until machines that served nobody could. */
async function wellAgain(roll: Roll, tier: string, machines: string[], seconds: number): Promise<void> {
  const missing = async () => {
    const { sick } = await roll.parts();
    if (!machines.some((m) => sick.includes(m))) return "";
    return (await roll.missing()) || `${machines.filter((m) => sick.includes(m)).join(", ")} serve nobody`;
  };
  await openGate({ missing }, tier, seconds);
}
