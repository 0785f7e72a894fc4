import type { Sample } from "../model";

/** CPU time of a web node since it began to count, s; all its processors together. */
export interface CpuCounters {
  busy: number;
  /** Busy and idle. */
  total: number;
  /** When it was counted, by the node's own clock, s since 1970. */
  clock: number;
  /** How long before the answer that was, s. */
  age: number;
}

/** What is kept of a web node from look to look. */
export interface CpuMemory extends CpuCounters {
  /** Busy share of its processors, 0 to 1, between the last two counts. */
  sample?: Sample;
}

/** Time in which a processor had nothing to do. What a hypervisor gave to others ("steal") is none: it was wanted. */
const IDLE = ["idle", "iowait"];

/**
 * Reads what node_exporter says: in VMs of the kernel's counters, in containers of the file that container-cpu writes every
 * 10 s. If nobody writes that any more, its age tells.
 * @returns undefined where there is nothing to read
 */
export function readCpu(text: string): CpuCounters | undefined {
  let [busy, total] = [0, 0];
  for (const [, mode = "", seconds] of text.matchAll(
    /^node_cpu_seconds_total\{.*mode="(\w+)".*\} (\S+)$/gm,
  )) {
    total += Number(seconds);
    if (!IDLE.includes(mode)) busy += Number(seconds);
  }
  const time = Number(/^node_time_seconds (\S+)$/m.exec(text)?.[1]);
  const written = /^node_textfile_mtime_seconds\{file=".*\/cpu\.prom"\} (\S+)$/m.exec(text)?.[1];
  const clock = written === undefined ? time : Number(written);
  if (!(total > 0) || !Number.isFinite(busy + total + time + clock)) return undefined;
  return { busy, total, clock, age: Math.max(0, time - clock) };
}

/** Both HAProxy nodes have asked: who got the newer count. */
export const newer = (a: CpuCounters, b: CpuCounters): CpuCounters => (b.clock > a.clock ? b : a);

/**
 * @param counted undefined: it did not answer; what was known of it gets older
 * @param now ms since 1970
 */
export function remember(
  before: CpuMemory | undefined,
  counted: CpuCounters | undefined,
  now: number,
): CpuMemory | undefined {
  if (!counted || counted.clock === before?.clock) return before;
  if (!before) return counted;
  const busy = counted.busy - before.busy;
  const total = counted.total - before.total;
  // It has started anew, and counts from there: the next look knows.
  if (busy < 0 || total <= 0) return counted;
  const sample = { value: Math.min(1, busy / total), at: now - Math.round(counted.age * 1000) };
  return { ...counted, sample };
}
