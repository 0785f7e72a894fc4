import { pace } from "../support/pace";
import { eventually } from "../support/site";
import type { Cluster } from "./cluster";

/** Slurm saves its state at least so often; a job that started later than that before a fault may run again, s. */
export const SAVE_SECONDS = 5;

/**
 * Whether so many jobs run, and Slurm has saved that.
 * @param times how long each has run, as `squeue -o %M` says
 * @param least how long each must have run, s
 */
export function saved(times: string, jobs: number, least = SAVE_SECONDS): boolean {
  // As minutes:seconds.
  const seconds = times
    .trim()
    .split("\n")
    .map((t) => t.split(":").reduce((sum, part) => sum * 60 + +part, 0));
  return seconds.length === jobs && seconds.every((s) => s > least);
}

/** A running job that has not written for so long does not run, s. */
const SILENT = 5 * pace();

/** Jobs that run through the faults, and write each half second that they do. */
export class LongJobs {
  private constructor(
    private readonly cluster: Cluster,
    private readonly name: string,
    private readonly ids: string[],
  ) {}

  /** Starts two, and waits until Slurm has saved that they run. */
  static async start(cluster: Cluster, run: string): Promise<LongJobs> {
    const name = `${run}-long`;
    const file = `/var/tmp/${name}.$SLURM_JOB_ID`;
    const script = `echo start >> ${file}; while sleep 0.5; do date +%s >> ${file}; done`;
    const submit = `sbatch --parsable --mem=1 --output=/dev/null --job-name=${name} --wrap '${script}'`;
    const { stdout } = await cluster.ask("client", `${submit}; ${submit}`);
    const jobs = new LongJobs(cluster, name, stdout.trim().split("\n"));
    // One that runs twice already would be no measure of the faults.
    await eventually("the long jobs run, and Slurm has saved that", 60, async () => {
      const ask = `squeue -h -t R -n ${name} -o %M`;
      return saved((await cluster.ask("client", ask)).stdout, jobs.ids.length);
    });
    return jobs;
  }

  /** What is wrong with them. */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    const compute = Object.keys(this.cluster.outputs.addresses["compute"] ?? {});
    for (const id of this.ids) {
      const ask = `cat /var/tmp/${this.name}.${id} 2>/dev/null; date +now:%s`;
      const texts = await Promise.all(compute.map((m) => this.cluster.ask(m, ask)));
      const lines = texts.flatMap(({ stdout }) => stdout.trim().split("\n"));
      const starts = lines.filter((line) => line === "start").length;
      const last = Math.max(...lines.filter((line) => /^\d+$/.test(line)).map(Number));
      const now = Math.max(...lines.map((line) => Number(/^now:(\d+)/.exec(line)?.[1] ?? 0)));
      if (starts !== 1) faults.push(`running job ${id} was started ${starts} times`);
      if (now - last >= SILENT) {
        faults.push(`running job ${id} has not written for ${now - last} s`);
      }
    }
    return faults;
  }

  async stop(): Promise<void> {
    await this.cluster.ask("client", `scancel --name=${this.name}`);
    const compute = Object.keys(this.cluster.outputs.addresses["compute"] ?? {});
    const remove = `rm -f /var/tmp/${this.name}.*`;
    await Promise.all(compute.map((m) => this.cluster.ask(m, remove)));
  }
}
