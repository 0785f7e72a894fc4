/** What a machine uses, by the kernel's word, and what of that watching it takes. */
import { percentile } from "../faults/limits";

/** What has been used up to a moment. */
export interface Used {
  /** By all of its processes, those that have ended too, s of a processor. */
  cpu: number;
  /** Now, MB; what several processes share counts once. */
  memory: number;
  /** Sent and received, MB. */
  net: number;
  /** Written to disks by its processes, MB. */
  written: number;
}
const KEYS = ["cpu", "memory", "net", "written"] as const;

/**
 * Says it at the begin and at the end of a stretch, in one go: who asks costs the same with a monitor and without. What a
 * process has used that has ended is with the one that waited for it, at last with PID 1.
 */
export const usedProgram = (seconds: number): string => `
used() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^.*) //' | awk '{ n += $12 + $13 + $14 + $15 } END { printf "cpu %.2f\\n", n / 100 }'
  cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '$1 == "Pss:" { n += $2 } END { printf "memory %.3f\\n", n * 1024 / 1e6 }'
  sed -n 's/^ *eth0: *//p' /proc/net/dev | awk '{ printf "net %.6f\\n", ($1 + $9) / 1e6 }'
  cat /proc/[0-9]*/io 2>/dev/null | awk '$1 == "write_bytes:" { n += $2 } END { printf "written %.6f\\n", n / 1e6 }'
}
used
sleep ${seconds}
used`;

/** What it said. Pure. @throws Error when a figure is missing */
export function readUsed(text: string): [before: Used, after: Used] {
  const found = KEYS.map((key) =>
    [...text.matchAll(new RegExp(`^${key} ([\\d.]+)$`, "gm"))].map(([, n]) => Number(n)),
  );
  const at = (i: number) =>
    Object.fromEntries(
      KEYS.map((key, k) => {
        const value = found[k]?.[i];
        if (value === undefined) throw new Error(`no figure of ${key}: ${text}`);
        return [key, value];
      }),
    ) as unknown as Used;
  return [at(0), at(1)];
}

/** What a machine uses at rest. */
export interface Rest {
  /** % of one processor. */
  cpu: number;
  /** MB. */
  memory: number;
  /** kB/s. */
  net: number;
  /** kB/s. */
  written: number;
}
/** Pure. */
export const restOf = ([before, after]: [Used, Used], seconds: number): Rest => ({
  cpu: ((after.cpu - before.cpu) / seconds) * 100,
  memory: after.memory,
  net: ((after.net - before.net) / seconds) * 1000,
  written: ((after.written - before.written) / seconds) * 1000,
});

/** A machine at rest and what users see of faults, with a monitor or without. */
export interface Site {
  rest: Record<string, Rest>;
  /** Longest times without an answer, s, by what was done. */
  takeovers: Record<string, number[]>;
}

/** A takeover may take so much longer with a monitor. */
const WORSE = 1.05;

/** What the page says of it. Pure. */
export function costTable(without: Site, watched: Site): string {
  const units: Record<keyof Rest, string> = {
    cpu: "% of a processor",
    memory: "MB",
    net: "kB/s on the network",
    written: "kB/s written to disks",
  };
  const rest = Object.entries(watched.rest).flatMap(([machine, now]) => {
    const before = without.rest[machine];
    return Object.entries(units).map(([key, unit]) => {
      const [a, b] = [before?.[key as keyof Rest], now[key as keyof Rest]];
      const more = a === undefined ? "" : (b - a).toFixed(1);
      return `| ${machine}, at rest: ${unit} | ${a?.toFixed(1) ?? "-"} | ${b.toFixed(1)} | ${more} | |`;
    });
  });
  const takeovers = Object.entries(watched.takeovers).flatMap(([what, now]) => {
    const before = without.takeovers[what] ?? [];
    return ([0.5, 0.95] as const).map((p) => {
      const [a, b] = [percentile(before, p), percentile(now, p)];
      const of = p === 0.5 ? `median of ${before.length} and ${now.length}` : "p95";
      const goal = p === 0.5 ? `<= ${WORSE} x (is ${(b / a).toFixed(2)})` : "";
      return `| ${what}, s, ${of} | ${a.toFixed(2)} | ${b.toFixed(2)} | ${(b - a).toFixed(2)} | ${goal} |`;
    });
  });
  return [
    "| what | without | with a monitor | more | goal |",
    "| --- | --- | --- | --- | --- |",
    ...rest,
    ...takeovers,
  ].join("\n");
}
