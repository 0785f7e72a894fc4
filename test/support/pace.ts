/**
 * How much slower this machine is than the one that time limits are written for, so that a test fails for a promise
 * that was broken and not for a slow or busy machine.
 */
import { spawn } from "node:child_process";

/** What the work below takes on the machine that the limits are for: two cores, with nothing else at work, s. */
const NORMAL = 0.55;
/** Rounds of the work; the middle one counts. */
const ROUNDS = 3;
/** As many at once as that machine has cores. */
const LANES = 2;
/** Programs that a lane starts one after the other. */
const PROGRAMS = 3;
/** Where a run keeps it for its child processes. */
const KEPT = "HPC_HA_PACE";
/** From here on, figures say more of the machine than of the site. */
const TOO_SLOW = 1.5;

/** Starts of a program and arithmetic, as Ansible, ssh and TLS are. */
const WORK = `
const { createHash } = require("node:crypto");
let text = "";
for (let i = 0; i < 60000; i += 1) text = createHash("sha256").update(text + i).digest("hex");`;

/**
 * The factor of all time limits: 1 on a machine of normal speed and on faster ones, 2 on one half as fast. Pure.
 * @param seconds what each round took
 */
export function factorOf(seconds: readonly number[], normal = NORMAL): number {
  const middle = [...seconds].sort((a, b) => a - b)[(seconds.length - 1) >> 1];
  if (middle === undefined) throw new Error("no round was measured");
  return Math.max(1, Math.round((middle / normal) * 10) / 10);
}

/** The factor as a child process finds it in its environment; 1 where nobody measured. Pure. */
export function keptFactor(env: NodeJS.ProcessEnv): number {
  const factor = Number(env[KEPT] ?? 1);
  return Number.isFinite(factor) && factor >= 1 ? factor : 1;
}

/** Whether figures measured at this pace are worth keeping. Pure. */
export const fitForFigures = (factor: number): boolean => factor <= TOO_SLOW;

/** What a person is told of it. Pure. */
export const sayPace = (factor: number): string =>
  factor === 1
    ? "This machine is as fast as the time limits are for"
    : `This machine takes ${factor} times as long as the one that the time limits are for: all of them times ${factor}`;

/** The factor of this run. */
export const pace = (): number => keptFactor(process.env);

/**
 * Measures it, which takes a second or two, and keeps it for this process and its children; a factor that is there
 * already is only ever replaced by a larger one.
 * @param rounds how often
 * @param programs how many each lane starts in a round; with another number the factor says nothing
 */
export async function measurePace(rounds = ROUNDS, programs = PROGRAMS): Promise<number> {
  const seconds: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    const start = performance.now();
    await Promise.all(Array.from({ length: LANES }, () => lane(programs)));
    seconds.push((performance.now() - start) / 1000);
  }
  const factor = Math.max(pace(), factorOf(seconds));
  process.env[KEPT] = String(factor);
  return factor;
}

async function lane(programs: number): Promise<void> {
  for (let i = 0; i < programs; i += 1) {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, ["-e", WORK], { stdio: "ignore" });
      child.once("error", reject);
      child.once("exit", () => resolve());
    });
  }
}
