/** What a switchover meant for those who use Slurm: pure, from what it answered meanwhile. */

/** Shell text whose output `disturbedJobs` reads. */
export const LIST_JOBS = "squeue --noheader --states=all --format='%A %T %S'";

/** Number of running jobs in such a list. */
export const runningJobs = (list: string): number =>
  list.split("\n").filter((l) => l.includes(" RUNNING ")).length;

/** Jobs that did not simply run on, from two lists of "id state start" lines: pending again, or started anew. */
export function disturbedJobs(before: string, after: string): string[] {
  const read = (text: string) =>
    new Map(
      text.split("\n").flatMap((line) => {
        const [id, state, start] = line.trim().split(/\s+/);
        return id && state && start ? [[id, { state, start }] as const] : [];
      }),
    );
  const now = read(after);
  return [...read(before)].flatMap(([id, { state, start }]) => {
    const job = now.get(id);
    if (state !== "RUNNING" || !job) return [];
    return job.start === start ? [] : [`${id} is ${job.state}, was running since ${start}`];
  });
}

/** The longest time between two of these moments (lines with ms since 1970), s. */
export function longestGap(stamps: string): number {
  const times = stamps
    .split("\n")
    .filter((l) => /^\d+$/.test(l))
    .map(Number);
  return Math.max(0, ...times.slice(1).map((t, i) => t - (times[i] ?? t))) / 1000;
}
