import * as fs from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { startOf } from "../../lib/processes";
import { lockDirectory } from "./backend";

/** A lock of Pulumi's local backend. */
interface Lock {
  pid: number;
  hostname: string;
  timestamp: string;
}

/** Clock ticks in a second of /proc, on every Linux. */
const TICKS = 100;
/** By so much a process may seem to have started after the lock that it took, ms: the boot's time is in seconds. */
const BLUR = 2000;

/**
 * Whether a lock's process has ended.
 * @param started when the process that has its number now was started, ms since 1970; undefined when there is none
 */
export const isDead = (lock: Lock, host: string, started: number | undefined): boolean =>
  lock.hostname === host && (started === undefined || started > Date.parse(lock.timestamp) + BLUR);

/**
 * Removes locks of the local backend whose process was on this machine and is gone; others stay.
 * (`pulumi cancel` removes all locks without asking who holds them.)
 * @returns whether there was one
 */
export function releaseDeadLocks(stack: string, env?: NodeJS.ProcessEnv): boolean {
  const dead = locks(stack, env).filter(({ alive }) => !alive);
  for (const { file } of dead) {
    fs.rmSync(file, { force: true });
    fs.rmSync(`${file}.attrs`, { force: true });
  }
  return dead.length > 0;
}

/** Who works on the stack, in words; undefined when nobody does, or the backend is no local one. */
export function liveLock(stack: string, env?: NodeJS.ProcessEnv): string | undefined {
  const [holder] = locks(stack, env).filter(({ alive }) => alive);
  return holder && `process ${holder.lock.pid} on ${holder.lock.hostname}`;
}

function locks(stack: string, env?: NodeJS.ProcessEnv) {
  const directory = lockDirectory(stack, env);
  if (directory === undefined || !fs.existsSync(directory)) return [];
  const files = fs.readdirSync(directory).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => {
    const file = path.join(directory, name);
    const lock = read(file);
    if (lock === undefined) return [];
    return [{ file, lock, alive: !isDead(lock, hostname(), startTime(lock.pid)) }];
  });
}

/** Undefined when it has just been released, or is nothing that Pulumi writes. */
function read(file: string): Lock | undefined {
  try {
    const lock = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<Lock>;
    return typeof lock.pid === "number" ? (lock as Lock) : undefined;
  } catch {
    return undefined;
  }
}

/** ms since 1970. */
function startTime(pid: number): number | undefined {
  const ticks = startOf(pid);
  const boot = /^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1];
  return ticks === "" ? undefined : (Number(boot) + Number(ticks) / TICKS) * 1000;
}
