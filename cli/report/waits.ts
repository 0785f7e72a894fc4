/** How long the jobs of a partition waited until they began, from when they could have: s. */
export interface Waits {
  partition: string;
  jobs: number;
  median: number;
  /** 95 of 100 waited no longer. */
  p95: number;
  longest: number;
}

/** Shell text that asks a controller for the jobs of a time. Pure. */
export const jobsCommand = ({ from, to }: { from: number; to: number }): string =>
  "env SLURM_TIME_FORMAT=%s sacct --allusers --allocations --noheader --parsable2 " +
  `--starttime=uts${from} --endtime=uts${to} --format=Partition,Eligible,Start`;

/** What sacct printed, of the jobs that began within that time. Pure. */
export function readJobs(text: string, { from, to }: { from: number; to: number }): Waits[] {
  const waits = new Map<string, number[]>();
  for (const line of text.split("\n")) {
    const [, partition = "", eligible, start] = /^([^|]+)\|(\d+)\|(\d+)$/.exec(line) ?? [];
    const at = Number(start);
    if (partition === "" || at < from || at >= to) continue;
    const known = waits.get(partition) ?? [];
    waits.set(partition, known);
    known.push(Math.max(0, at - Number(eligible)));
  }
  return [...waits]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([partition, all]) => {
      const sorted = all.sort((a, b) => a - b);
      const of = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      return { partition, jobs: all.length, median: of(0.5), p95: of(0.95), longest: of(1) };
    });
}
