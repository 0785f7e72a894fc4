import { describeLostJob, LostJobs } from "../../components/controllers/lostJobs";
import type { Command } from "../command";
import { runningSite } from "../runningSite";

/** For `--resubmit`: every job that is left to a person. */
const ALL = "all";

/**
 * `npx hpc lost-jobs [--resubmit ID|all]… [--forget ID]… [--user NAME]`: batch jobs that a crash of slurmctld has taken,
 * and what becomes of them. They keep nothing from being changed meanwhile, so there is no lock.
 * @returns 1 when one of all could not be submitted again
 */
export const lostJobs: Command = async (context) => {
  const { flags, json, progress } = context;
  const jobs = new LostJobs(runningSite(context));
  const [user, ...others] = flags["user"] ?? [];
  if (others.length > 0) throw new Error("--user NAME: one for all that are named");
  let refused = false;
  for (const id of flags["resubmit"] ?? []) {
    if (id === ALL) {
      const said = await jobs.resubmitAll(user);
      said.forEach((line) => progress(line.text));
      refused ||= said.some((line) => line.refused);
    } else {
      progress(`Job ${id} was submitted again as ${await jobs.resubmit(id, user)}`);
    }
  }
  for (const id of flags["forget"] ?? []) {
    await jobs.forget(id);
    progress(`Job ${id} is forgotten`);
  }
  const left = await jobs.list();
  if (json) console.log(JSON.stringify(left, null, 2));
  else if (left.length === 0) console.log("No job is lost.");
  else left.forEach((job) => console.log(describeLostJob(job)));
  return refused ? 1 : 0;
};
