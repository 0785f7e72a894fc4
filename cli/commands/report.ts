import { failureOr, type Machines, RemoteFailure } from "../../lib/machines";
import type { Command } from "../command";
import { daysCommand, readDays, type Seen } from "../report/days";
import { daysOf, type Month, monthOf } from "../report/month";
import { renderReport } from "../report/render";
import { reportOf } from "../report/report";
import { jobsCommand, readJobs, type Waits } from "../report/waits";
import { runningSite } from "../runningSite";

/** Longest time for a monitor to tell of a month, s: of days that are kept it needs none. */
const MONITOR_SECONDS = 120;
/** Longest time for the accounting to find a month's jobs, s. */
const JOBS_SECONDS = 120;

/**
 * `npx hpc report [--month YYYY-MM]`: how available the promised services were, what failed and why, what moved, how many web
 * nodes there were, and how long jobs waited; without a month of the one that is.
 * @returns 1 when a monitor or the accounting did not tell
 */
export const report: Command = async (context) => {
  const { stack, outputs, flags, json, progress } = context;
  const [text, ...others] = flags["month"] ?? [];
  if (others.length > 0) throw new Error("--month: once");
  const month = monthOf(text, outputs.timeZone ?? "UTC", Date.now() / 1000);
  const { machines } = runningSite(context);
  const [seen, waits] = await Promise.all([
    whatWasSeen(machines, month, progress),
    jobWaits(machines, month, progress),
  ]);
  const found = reportOf(month, Object.keys(outputs.services), seen, waits);
  console.log(json ? JSON.stringify(found, null, 2) : renderReport(stack.prefix, found));
  const silent = seen.length < machines.names("monitor").length;
  return silent || waits === undefined ? 1 : 0;
};

/** What the machines of the monitor have seen: of all that answer, since each fills the other's gaps. @throws Error when none tells */
export async function whatWasSeen(
  machines: Pick<Machines, "names" | "run">,
  month: Month,
  progress: (text: string) => void,
): Promise<Seen[]> {
  const monitors = machines.names("monitor");
  if (monitors.length === 0) throw new Error("nobody watches this site: members.monitor is 0");
  const command = daysCommand(daysOf(month));
  const all = await Promise.all(
    monitors.map(async (name) => {
      const said = await failureOr(() => machines.run(name, command, MONITOR_SECONDS));
      if (said instanceof RemoteFailure) progress(`Nothing from there: ${said.message}`);
      return said instanceof RemoteFailure ? [] : [readDays(name, said)];
    }),
  );
  const seen = all.flat();
  if (seen.length === 0) throw new Error("no monitor tells what it has seen");
  for (const { monitor, faults } of seen) {
    for (const { day, why } of faults) progress(`${monitor} does not know ${day}: ${why}`);
  }
  return seen;
}

/** How long jobs waited, by the accounting; undefined when no controller tells. */
async function jobWaits(
  machines: Pick<Machines, "names" | "run">,
  month: Month,
  progress: (text: string) => void,
): Promise<Waits[] | undefined> {
  for (const name of machines.names("controllers")) {
    const said = await failureOr(() => machines.run(name, jobsCommand(month), JOBS_SECONDS));
    if (!(said instanceof RemoteFailure)) return readJobs(said, month);
    progress(`No jobs from there: ${said.message}`);
  }
  return undefined;
}
