import * as child from "node:child_process";
import { holderHere, LOOK_FOR_BEGUN, type Seat, type SiteLock, takeLock } from "../rollout/lock";
import { HAND_OVER } from "./entry/leave";
import { INTERRUPTED, interrupted } from "./interrupt";

/** Longest time for a machine to say how it is, ms. */
const ASK_TIMEOUT = 20_000;
/** The same for what nobody waits for where nothing was cut off, ms. */
const BEGUN_TIMEOUT = 3000;
/** Longest time for a machine to hand over what it serves, ms. */
const HAND_OVER_TIMEOUT = 60_000;

/** What all resources of one run of Pulumi share: their providers live in one process. */
const shared: {
  lock?: Promise<SiteLock>;
  begun?: Promise<string[]>;
  /** Ends when nobody changes a machine that serves. */
  turn: Promise<unknown>;
  told: Set<string>;
  /** What the machines said that have handed over, by name. */
  left: Map<string, Promise<string | undefined>>;
} = { turn: Promise.resolve(), told: new Set(), left: new Map() };

/** Does something once in a run of Pulumi, which may ask several times. */
export async function once(what: string, work: () => Promise<void> | void): Promise<void> {
  if (shared.told.has(what)) return;
  shared.told.add(what);
  await work();
}

/** Asks a machine; undefined when it does not answer. @param ssh and its arguments up to the remote command */
export function ask(
  ssh: string[],
  script: string,
  timeout = ASK_TIMEOUT,
): Promise<string | undefined> {
  const [file = "ssh", ...args] = ssh;
  return new Promise((resolve) => {
    const options = { timeout, maxBuffer: 1 << 24 };
    child.execFile(file, [...args, script], options, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}

/**
 * What earlier runs began on the site and did not end (SiteLock.begin), as its state cannot say it: they were killed.
 * Asked once in a run of Pulumi, before its first change.
 */
export async function leftBegun(seats: Seat[]): Promise<string[]> {
  // A preview of what is still to be made does not know them.
  if (!Array.isArray(seats)) return [];
  shared.begun ??= Promise.all(
    seats.map(({ ssh }) => ask(ssh, LOOK_FOR_BEGUN, BEGUN_TIMEOUT)),
  ).then((said) => said.flatMap((text) => (text ?? "").split("\n")).filter((line) => line !== ""));
  return shared.begun;
}

/** Machines that serve are changed by one at a time, whatever Pulumi does in parallel. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const stop = interrupted();
  const mine = shared.turn.then(() => {
    // Pulumi itself begins nothing more; this was begun, and has waited.
    if (stop.aborted) throw new Error("interrupted before it was begun; the same command goes on");
    return work();
  });
  shared.turn = mine.catch(() => undefined);
  return mine;
}

/**
 * As inTurn; meanwhile the site knows it as begun, and for good where nobody learned how it ended.
 * @param ends false: something else ends it. Default true
 */
export const begunInTurn = <T>(
  { begin, end }: Pick<SiteLock, "begin" | "end">,
  what: string,
  work: () => Promise<T>,
  ends = true,
): Promise<T> =>
  inTurn(async () => {
    begin(what);
    const said = await work();
    if (ends) end(what);
    return said;
  });

const LEAVE = "leave with Pulumi";
/** How often it is looked whether Pulumi is still there, ms. */
const LOOK = 1000;

/**
 * Ends this process with Pulumi, whose own end leaves it behind, and the lock with it. At once, without a word: what is
 * written to a pipe that nobody reads is an error, which Pulumi's SDK tells by writing, for ever (seen).
 */
export function leaveWithPulumi(): void {
  if (shared.told.has(LEAVE)) return;
  shared.told.add(LEAVE);
  const leave = () => process.kill(process.pid, "SIGKILL");
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && leave(), LOOK).unref();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leave);
}

/**
 * The lock of the site: taken once for a run of Pulumi, it ends with this process.
 * @throws Error that names the holder
 */
export function siteLock(seats: Seat[]): Promise<SiteLock> {
  if (!shared.lock) {
    leaveWithPulumi();
    shared.lock = takeLock(seats, holderHere(process.ppid, "pulumi up"));
    shared.lock.catch(() => delete shared.lock);
  }
  return shared.lock;
}

/**
 * Entry machines that are to leave hand over what they serve before anything is changed: the other machines, told who
 * is left, would not let them in any more. Once in a run of Pulumi; one that does not answer has nobody on it. The entry
 * counts as begun: should they stay after all, it is looked at.
 * @param before where the lock was kept at the last run, which is on all machines of the entry
 */
export async function handOver(
  { begin }: Pick<SiteLock, "begin">,
  before: Seat[],
  now: Seat[],
): Promise<void> {
  const leaving = before.filter(({ machine }) => now.every((seat) => seat.machine !== machine));
  for (const { machine, ssh } of leaving) {
    if (shared.left.has(machine)) continue;
    begin("entry");
    shared.left.set(machine, ask(ssh, HAND_OVER, HAND_OVER_TIMEOUT));
  }
  await Promise.all(leaving.map(({ machine }) => shared.left.get(machine) ?? Promise.resolve()));
}

/**
 * Runs one of the house's programs; what it shows goes to the log. Its fourth file ends when this process or Pulumi's is
 * gone, or the lock is: then it ends what it began and stops. When Pulumi is interrupted a word comes there: then it makes
 * whole what it is at, and begins nothing more.
 * @param file below the project's root
 * @returns what it wrote to stdout
 * @throws Error with its last words
 */
export function runProgram(file: string, request: string, lost: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    lost.throwIfAborted();
    leaveWithPulumi();
    const program = child.spawn("node", ["--import", "tsx", file], {
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const lifeline = program.stdio[3] as NodeJS.WritableStream;
    lifeline.on("error", () => undefined);
    const letGo = () => lifeline.end();
    lost.addEventListener("abort", letGo);
    const stop = interrupted();
    const tell = () => lifeline.write(INTERRUPTED);
    if (stop.aborted) tell();
    stop.addEventListener("abort", tell);
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
      lost.removeEventListener("abort", letGo);
      stop.removeEventListener("abort", tell);
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
