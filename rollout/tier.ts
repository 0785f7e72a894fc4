import { type Progress, step } from "../lib/progress";
import { GATE_SECONDS, openGate } from "./gate";
import { inTurns, planTier } from "./plan";
import type { Roll } from "./roll";

/** A change of machines of one tier. */
export interface Change {
  tier: string;
  roll: Roll;
  /** Machines to change. */
  todo: string[];
  /** Those of them that are not as they were left, and may be why the tier is not whole. Default: none. */
  suspects?: string[];
  /** New ones, and those of `todo` that lack what the change brings, until it has: see Roll. Default: none. */
  excused?: string[];
  /** Does it to a machine that was relieved; to several at once only where nobody feels it. May be called again. */
  change(machines: string[]): Promise<void>;
  /** Whether clients feel the change of a machine that serves: then it is relieved first. Default true. */
  felt?: boolean;
  /** Called for each machine: before anything is done to it, and when its tier is whole with it. */
  begin(machine: string): Promise<void>;
  done(machine: string): Promise<void>;
  progress: Progress;
  /** When aborted nothing more is begun: whoever asked for it is gone, or the lock. Default: never. */
  signal?: AbortSignal;
  /** When aborted no further machine is begun, and the one at work is made whole. Default: never. */
  interrupted?: AbortSignal;
  /** Longest wait for the tier to be whole after each machine, s. Default 120. */
  gateSeconds?: number;
  /** The same before anything is touched, s. Default 5: it is a look, nothing is under way. */
  lookSeconds?: number;
}

/** How far an interrupted run has come, and what to do. @param done machines that are changed, and their tier whole with them */
export const interruption = (done: string[], left: string[]): string =>
  `interrupted ${done.length === 0 ? "before anything was changed" : `after ${done.join(", ")}`}: ` +
  `${left.join(", ")} not begun; the same command goes on`;

/**
 * Changes machines of a tier: those that serve nobody together and first, then whole → relieve → change one → whole →
 * next; several at a time after the first one where nobody feels it, and the tier is made for that. Where the tier is not
 * whole, those that may be why come before, as nothing else could make it whole. Stops at the first machine that does not
 * become well; the others are untouched and serve.
 * @throws Error with what is missing, or what failed
 */
export async function rollTier(run: Change): Promise<void> {
  const { tier, roll, todo, suspects = [], progress, signal, interrupted, felt = true } = run;
  const { gateSeconds = GATE_SECONDS, lookSeconds = 5 } = run;
  const handsOver = felt && roll.relieve !== undefined;
  const touched: string[] = [];
  const parts = await roll.parts();
  const gate = (seconds: number) =>
    openGate(roll, tier, seconds, [
      ...(run.excused ?? []).filter((m) => !touched.includes(m)),
      ...(parts.outside ?? []),
    ]);
  const mayBegin = () => {
    if (!interrupted?.aborted) return;
    const left = todo.filter((m) => !touched.includes(m));
    throw new Error(interruption(touched, left));
  };
  /** Does something to machines, and says how far it came when that fails. */
  const at = async (machines: string[], what: string, work: () => Promise<void>) => {
    signal?.throwIfAborted();
    await step(`${tier}: ${what}`, progress, work).catch((error: Error) => {
      const far = touched.length === 0 ? "Nothing was changed" : `Changed: ${touched.join(", ")}`;
      throw new Error(
        `${machines.join(", ")}: ${error.message}\n${far}; the machines after it were not touched.`,
      );
    });
  };
  /** @param serve false: nobody is served there, so they are not taken out, and taken back in any case */
  const change = async (machines: string[], serve = true) => {
    await Promise.all(machines.map((m) => run.begin(m)));
    if (felt && serve) for (const machine of machines) await roll.takeOut?.(machine);
    touched.push(...machines);
    await run.change(machines);
    for (const machine of machines) {
      await roll.fit?.(machine);
      if (felt || !serve) await roll.takeBack?.(machine);
    }
  };

  const { sick } = planTier(parts, handsOver, todo);
  if (sick.length > 0) {
    mayBegin();
    await at(sick, `${sick.join(", ")}, where nobody is served`, async () => {
      await change(sick, false);
      await wellAgain(roll, tier, sick, gateSeconds);
      for (const machine of sick) await run.done(machine);
    });
  }
  const rest = todo.filter((m) => !sick.includes(m));
  if (rest.length === 0) return;

  const blamed = rest.filter((m) => suspects.includes(m));
  if (blamed.length > 0 && !(await isWhole(gate(lookSeconds)))) {
    const { steps } = planTier(await roll.parts(), false, blamed);
    for (const { machine } of steps) {
      mayBegin();
      await at([machine], `${machine}, which may be why it is not whole`, () => change([machine]));
    }
    await at(blamed, "is it whole again?", () => gate(gateSeconds));
    for (const machine of blamed) await run.done(machine);
  } else blamed.length = 0;

  const { steps } = planTier(
    await roll.parts(),
    handsOver,
    rest.filter((m) => !blamed.includes(m)),
  );
  const [first] = steps;
  if (!first) return;
  await gate(touched.length > 0 ? gateSeconds : lookSeconds).catch((error: Error) => {
    throw new Error(`${error.message}\n${first.machine} and those after it were not touched.`);
  });
  for (const { machines, action } of inTurns(steps, felt ? 1 : (roll.together ?? 1))) {
    mayBegin();
    const names = machines.join(", ");
    await at(machines, action === "relieve" ? `${names} hands its part over` : names, async () => {
      if (action === "relieve") for (const machine of machines) await roll.relieve?.(machine);
      else await change(machines);
      await gate(gateSeconds);
      if (action === "change") await Promise.all(machines.map((m) => run.done(m)));
    });
  }
}

const isWhole = (gate: Promise<void>): Promise<boolean> =>
  gate.then(
    () => true,
    () => false,
  );

/** Waits until machines that served nobody could. */
async function wellAgain(
  roll: Roll,
  tier: string,
  machines: string[],
  seconds: number,
): Promise<void> {
  const missing = async () => {
    const { sick } = await roll.parts();
    const left = machines.filter((m) => sick.includes(m));
    if (left.length === 0) return "";
    return (await roll.missing()) || `${left.join(", ")} serve nobody`;
  };
  await openGate({ missing }, tier, seconds);
}
