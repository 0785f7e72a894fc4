import { z } from "zod";
import { until } from "../../lib/wait";
import type { RunningSite } from "../../rollout/roll";
import { lookAtControllers } from "./pair";

/** What is known of a job that a crash of slurmctld has taken, as `slurm-ha lost` says it. */
const lostJob = z
  .object({
    id: z.number(),
    JobName: z.string(),
    WorkDir: z.string(),
    /** Whose it was by its own environment, which is no proof. */
    ClaimedUser: z.string(),
    /** Whose it was by the accounting's word. */
    User: z.string().optional(),
    /** When it was submitted, and how. */
    Submit: z.string().optional(),
    SubmitLine: z.string().optional(),
    /** Id of the job that took its place, or nothing. */
    Resubmitted: z.string(),
  })
  .transform((job) => ({
    id: job.id,
    name: job.JobName,
    directory: job.WorkDir,
    claimedUser: job.ClaimedUser,
    user: job.User,
    submitted: job.Submit,
    line: job.SubmitLine,
    resubmitted: job.Resubmitted || undefined,
  }));
export type LostJob = z.infer<typeof lostJob>;

/** Lines of JSON, one for each. */
export const readLostJobs = (text: string): LostJob[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => lostJob.parse(JSON.parse(line)));

/** One of them in two lines. */
export function describeLostJob(job: LostJob): string {
  const whose = job.user ?? (job.claimedUser === "" ? "?" : `${job.claimedUser}?`);
  const end = job.resubmitted === undefined ? "" : `, submitted again as ${job.resubmitted}`;
  const how = job.line ?? "the accounting does not know how it was submitted";
  const text = `${job.id}  ${job.name}  of ${whose}  in ${job.directory || "?"}${end}`;
  // What users have written may hold what a terminal obeys.
  return `${printable(text)}\n      ${printable(how)}`;
}

const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, "?");

/** A job may take so long to be submitted while a controller takes over, s. */
const SUBMIT_SECONDS = 60;

/** Lost jobs of a running site. */
export class LostJobs {
  constructor(private readonly site: RunningSite) {}

  /** @throws Error when no controller has the VIP */
  async list(): Promise<LostJob[]> {
    return readLostJobs(await this.run("lost"));
  }

  /** @returns id of the new job @throws RemoteFailure with the reason why not */
  async resubmit(id: string, user?: string): Promise<string> {
    const as = user === undefined ? "" : ` ${word(user, /^\w[\w.@-]*$/, "a user's name")}`;
    return (await this.run(`resubmit ${word(id, ID, "a job's id")}${as}`)).trim();
  }

  /** Those that nobody has decided about yet, one after the other; what is refused keeps no other one back. */
  async resubmitAll(user?: string): Promise<{ text: string; refused: boolean }[]> {
    const said: { text: string; refused: boolean }[] = [];
    for (const job of await this.list()) {
      if (job.resubmitted !== undefined) continue;
      const id = String(job.id);
      said.push(
        await this.resubmit(id, user).then(
          (now) => ({ text: `Job ${id} was submitted again as ${now}`, refused: false }),
          (error: Error) => ({ text: `Job ${id}: ${error.message}`, refused: true }),
        ),
      );
    }
    return said;
  }

  async forget(id: string): Promise<void> {
    await this.run(`forget ${word(id, ID, "a job's id")}`);
  }

  private async run(command: string): Promise<string> {
    const { machines, outputs } = this.site;
    const holder = await until("a controller has the Slurm VIP", SUBMIT_SECONDS, async () => {
      const now = await lookAtControllers(machines, outputs.vips.slurm);
      return now.find((c) => c.vip)?.name;
    });
    return machines.run(holder, `slurm-ha ${command}`, SUBMIT_SECONDS);
  }
}

const ID = /^\d+$/;

function word(text: string, form: RegExp, what: string): string {
  if (!form.test(text)) throw new Error(`"${text}" is not ${what}`);
  return text;
}
