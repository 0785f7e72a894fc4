import type { SubmittedJob } from "../support/load/faultProtocol";
import type { Cluster } from "./cluster";
import { SAVE_SECONDS } from "./longJobs";

/** So much longer than between two saves: the save itself, and an answer that was on its way, s. */
const SAVING = 2;

/** What became of the jobs of a case. */
interface JobsVerdict {
  /** Jobs that were acknowledged and are gone. */
  lost: number;
  /** Jobs that are there. */
  kept: SubmittedJob[];
  faults: string[];
}

/**
 * Judges by name, which no other submission has: an id may come again, and then the queue has it, but another's job. Pure.
 * @param submitted in the order in which they were acknowledged
 * @param queued "id name" of each job in the queue, one a line
 * @param aside names of the jobs that the controllers kept aside as lost
 * @param pace how much slower this machine is
 */
export function judgeJobs(
  submitted: SubmittedJob[],
  queued: string,
  aside: string[],
  pace: number,
): JobsVerdict {
  const names = queued
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  const there = new Set(names);
  const kept = submitted.filter((job) => there.has(job.name));
  const lost = submitted.filter((job) => !there.has(job.name));
  const again = submitted.length - new Set(submitted.map((job) => job.id)).size;
  const twice = submitted.filter((job) => names.filter((n) => n === job.name).length > 1);
  const traceless = lost.filter((job) => !aside.includes(job.name));
  const limit = SAVE_SECONDS + SAVING * pace;
  const long = Math.max(0, ...spans(submitted, there));
  return {
    lost: lost.length,
    kept,
    faults: [
      ...(again > 0 ? [`${again} ids of jobs were given out twice`] : []),
      ...(twice.length > 0 ? [`${twice.length} jobs are in the queue twice`] : []),
      ...(traceless.length > 0
        ? [`${traceless.length} jobs are gone without a trace: ${traceless.map(said).join(", ")}`]
        : []),
      ...(long > limit
        ? [`jobs of ${long.toFixed(1)} s are gone; Slurm saves its state every ${SAVE_SECONDS} s`]
        : []),
    ],
  };
}

const said = ({ id, name }: SubmittedJob): string => `${id} (${name})`;

/** How long each stretch of acknowledged jobs was that are all gone, s. */
function spans(submitted: SubmittedJob[], there: Set<string>): number[] {
  const found: number[] = [];
  let begin: number | undefined;
  for (const { name, at } of submitted) {
    if (there.has(name)) begin = undefined;
    else found.push((at - (begin ??= at)) / 1000);
  }
  return found;
}

/**
 * Takes the lost jobs away, as an administrator does who has looked at them. A controller that does not answer, such as
 * one that starts just now, or that has no share yet, is passed over: the cluster is not whole before it was asked.
 * @returns their names
 */
export async function takeLostJobs(cluster: Pick<Cluster, "outputs" | "ask">): Promise<string[]> {
  const take =
    "cd /mnt/slurm/lost && for job in [0-9]*; do [ -e $job ] || continue; " +
    // The environment names them with 22.05, the accounting with 24.11, in a moment.
    "name=$(tr '\\0' '\\n' < $job/environment | sed -n 's/^SLURM_JOB_NAME=//p'); " +
    '[ -n "$name" ] || name=$(timeout 5 sacct -n -P -X -j $job -o JobName | tail -n 1); ' +
    '[ -n "$name" ] || continue; echo "$name"; slurm-ha forget $job; done';
  const controllers = Object.keys(cluster.outputs.addresses["controllers"] ?? {});
  for (const controller of controllers) {
    const answer = await cluster.ask(controller, take).catch(() => undefined);
    if (answer) return answer.stdout.split("\n").filter((name) => name !== "");
  }
  return [];
}
