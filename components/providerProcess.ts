import * as child from "node:child_process";
import { holderHere, type Seat, type SiteLock, takeLock } from "../rollout/lock";

/** What all resources of one run of Pulumi share: their providers live in one process. */
const shared: {
  lock?: Promise<SiteLock>;
  /** Ends when nobody changes a machine that serves. */
  turn: Promise<unknown>;
  told: Set<string>;
} = { turn: Promise.resolve(), told: new Set() };

/** Does something once in a run of Pulumi, which may ask several times. */
export async function once(what: string, work: () => Promise<void>): Promise<void> {
  if (shared.told.has(what)) return;
  shared.told.add(what);
  await work();
}

/** Machines that serve are changed by one at a time, whatever Pulumi does in parallel. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = shared.turn.then(work);
  shared.turn = mine.catch(() => undefined);
  return mine;
}

/**
 * The lock of the site: taken once for a run of Pulumi, it ends with this process.
 * @throws Error that names the holder
 */
export function siteLock(seats: Seat[]): Promise<SiteLock> {
  if (!shared.lock) {
    shared.lock = takeLock(seats, holderHere(process.ppid, "pulumi up"));
    shared.lock.catch(() => delete shared.lock);
  }
  return shared.lock;
}

/**
 * Runs one of the house's programs; what it shows goes to the log. Its fourth file ends when this process or Pulumi's is
 * gone, or the lock is: then it ends what it began and stops.
 * @param file below the project's root
 * @returns what it wrote to stdout
 * @throws Error with its last words
 */
export function runProgram(file: string, request: string, lost: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    lost.throwIfAborted();
    const program = child.spawn("node", ["--import", "tsx", file], {
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const lifeline = program.stdio[3] as NodeJS.WritableStream;
    lifeline.on("error", () => undefined);
    const letGo = () => lifeline.end();
    lost.addEventListener("abort", letGo);
    // Pulumi's own end leaves this process behind.
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid !== parent) process.exit(1);
    }, 1000);
    let said = "";
    let words = "";
    program.stdout.on("data", (data: Buffer) => (said += data.toString()));
    program.stderr.on("data", (data: Buffer) => {
      words = (words + data.toString()).slice(-4000);
      process.stderr.write(data);
    });
    program.stdin.on("error", () => undefined);
    program.stdin.end(request);
    program.on("error", reject);
    program.on("close", (code) => {
      clearInterval(watch);
      lost.removeEventListener("abort", letGo);
      if (code === 0) resolve(said);
      else {
        const last = words.trim().split("\n").slice(-1)[0] ?? "";
        reject(new Error(last || `cut off (exit code ${code ?? "none"}): the same command again`));
      }
    });
  });
}

/** An error with which Pulumi saves what was done so far: the next run, also one with the old inputs, goes on. */
export const unfinished = (id: string, error: string, properties: object): Error =>
  Object.assign(new Error(error), { id, properties, reasons: [error] });
