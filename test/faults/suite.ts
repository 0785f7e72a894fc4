import pc from "picocolors";
import { type Progress, step } from "../../lib/progress";
import { keepFigures, keptFigures } from "../support/measured";
import {
  CLIENTS,
  type Client,
  type FaultOptions,
  type Report,
  type Verdict,
} from "../support/load/faultProtocol";
import { Alarms } from "../support/falseAlerts";
import { baseState, eventually } from "../support/site";
import type { Case } from "./cases";
import { FaultClients } from "./clients";
import { Cluster } from "./cluster";
import { beyond, beyondP95, percentile } from "./limits";
import { judgeJobs, takeLostJobs } from "./jobs";
import { LongJobs } from "./longJobs";
import { histories, twoWriters } from "./history";

/** Slurm sends its accounting within this time, once there is a database, s. */
const ACCOUNTED = 60;
/** Clients and jobs go through so many passes; then they begin anew. */
const PASSES = 5;
/** slurmctld forgets ended jobs after MinJobAge, and looks for such once a minute, s. */
const FORGOTTEN = 180;
/** Acknowledgements of every client after which it counts as recovered. */
const RECOVERED = 4;

/** One run of one case. */
interface Result {
  case: string;
  /** Of each client, s; empty when the case broke off. */
  outages: Partial<Record<Client, number>>;
  /** Acknowledged writes that are gone, and jobs: of those only what Slurm had not saved yet. */
  lost: { redis: number; sql: number; jobs: number };
  faults: string[];
}

export interface FaultRun {
  /** All cases of the suite. */
  all: Case[];
  /** Where its figures are kept: "faults", "changes". */
  figures: string;
  /** How long users of the web wait; see FaultOptions. */
  webUsers: FaultOptions["webUsers"];
  /** Whom they trust besides the site's CA, PEM. Default: nobody. */
  authority?: string;
  /** How often each case is run. */
  repeats: number;
  /** Parts of the names of the cases to run; none: all. */
  names: string[];
  /** The form that `npm test` runs: few cases, unless some are named; limits by the machine's pace, no figures kept. */
  short: boolean;
  /** How much slower this machine is than the one that the limits are for. */
  pace: number;
}

/** The cases of a run, in the suite's order. Pure. */
export const chosen = ({ all, names, short }: Pick<FaultRun, "all" | "names" | "short">): Case[] =>
  names.length === 0
    ? all.filter((c) => !short || c.short === true)
    : all.filter((c) => names.some((part) => c.name.includes(part)));

/** Runs the fault cases and prints the figures. @returns whether all were within their limits */
export async function faultSuite(options: FaultRun, progress: Progress): Promise<boolean> {
  const cluster = new Cluster(await baseState());
  const alarms = Alarms.of(cluster.outputs);
  const cases = chosen(options);
  if (cases.length === 0) throw new Error(`no case has ${options.names.join(" or ")} in its name`);
  const results: Result[] = [];
  // Figures are for the machine of normal speed, and so are their limits.
  const pace = options.short ? options.pace : 1;
  let users: Users | undefined;
  const dismiss = async () => {
    await users?.end();
    users = undefined;
  };
  try {
    for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
      for (const c of cases.filter((one) => repeat === 1 || !one.once)) {
        const title = `${c.name}${options.repeats > 1 ? ` (${repeat} of ${options.repeats})` : ""}`;
        if (users?.clients.isOld() === true) await dismiss();
        const result = await step(title, progress, async () => {
          users ??= await Users.start(cluster, options);
          return runCase(c, cluster, users, pace);
        });
        result.faults.push(...((await alarms?.wrong(c.alerts)) ?? []));
        results.push(result);
        const seen = Object.entries(result.outages).map(([who, s]) => `${who} ${s.toFixed(1)} s`);
        progress(`    ${seen.join(", ")}`);
        for (const fault of result.faults) progress(`    ${pc.red(fault)}`);
        if (!options.short) keep(options, results);
        // What broke in this case must not count in the next ones.
        if (result.faults.length > 0) await dismiss();
      }
      // Not one set of clients for hours: what they keep grows.
      if (repeat % PASSES === 0) await dismiss();
    }
  } finally {
    await dismiss();
  }
  progress(`\n${table(options.all, results)}\n`);
  // Only where figures are taken are there so many runs, and the machine is of normal speed.
  const slow = cases.flatMap(({ name, limits }) => {
    const runs = results.filter((r) => r.case === name).map(({ outages }) => outages);
    return beyondP95(limits, runs).map((fault) => `${name}: ${fault}`);
  });
  for (const fault of slow) progress(pc.red(fault));
  return slow.length === 0 && results.every((r) => r.faults.length === 0);
}

/** A run of some cases replaces their older figures and keeps those of the others; after each case, as it may be long. */
function keep({ figures, all: cases }: FaultRun, results: Result[]): void {
  const ran = new Set(results.map((r) => r.case));
  const kept = ((keptFigures(figures) ?? []) as Result[]).filter((r) => !ran.has(r.case));
  const all = [...kept, ...results];
  keepFigures(figures, all, table(cases, all));
}

/** Those who use the cluster while its parts fail. */
export class Users {
  private constructor(
    readonly clients: FaultClients,
    readonly jobs: LongJobs,
    /** Sets what they do in the present case apart. */
    private run: string,
    private readonly cluster: Cluster,
    private readonly saw?: (report: Report) => void,
  ) {}

  static async start(
    cluster: Cluster,
    who: Pick<FaultRun, "webUsers" | "authority">,
    /** Told what they saw in each case that ended. Default: nobody. */
    saw?: (report: Report) => void,
  ): Promise<Users> {
    await cluster.whole();
    // Each job that has ended makes a takeover longer (MinJobAge in slurm.conf): in one case as in the next.
    await cluster.ask("client", "scancel --user=root");
    await eventually("slurmctld has forgotten the jobs of before", FORGOTTEN, async () => {
      const { stdout } = await cluster.ask("client", "scontrol --oneliner show jobs");
      return !stdout.includes("JobId=");
    });
    const run = newRun();
    const jobs = await LongJobs.start(cluster, run);
    const clients = await FaultClients.start(cluster.outputs, run, who);
    return new Users(clients, jobs, run, cluster, saw);
  }

  /** What they saw in the case that ends, and its name. */
  async next(): Promise<{ run: string; verdict: Verdict }> {
    const run = this.run;
    this.run = newRun();
    const verdict = await this.clients.next(this.run);
    this.saw?.(verdict.report);
    return { run, verdict };
  }

  async end(): Promise<void> {
    this.clients.kill();
    await this.jobs.stop();
    await this.cluster.ask("client", "scancel --user=root");
  }
}

const newRun = () => `f${Date.now().toString(36)}`;

/** Never rejects for what a client saw: that is a fault of the case. @throws when the cluster is not whole afterwards */
export async function runCase(
  c: Case,
  cluster: Cluster,
  users: Users,
  pace: number,
): Promise<Result> {
  const mends: (() => Promise<unknown>)[] = [];
  const aside: string[] = [];
  const mend = async () => {
    for (let last = mends.pop(); last; last = mends.pop()) await last();
    await cluster.whole(async () => aside.push(...(await takeLostJobs(cluster))));
  };
  try {
    if (c.prepare) mends.push(await c.prepare(cluster));
    await users.clients.mark();
    mends.push(await c.fault(cluster));
    await users.clients.progress(`every client after: ${c.name}`, RECOVERED, c.without);
    const faults = (await c.during?.(cluster)) ?? [];
    await mend();
    await users.clients.progress("every client when the cluster is whole again", RECOVERED);
    const { failed, ...seen } = await judge(cluster, users, faults, aside, pace);
    return {
      case: c.name,
      ...seen,
      faults: [
        ...seen.faults,
        ...beyond(c.limits, seen.outages, pace),
        ...(c.unharmed ?? []).flatMap((client) =>
          failed[client] === 0 ? [] : [`${client}: ${failed[client]} requests failed`],
        ),
      ],
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await mend().catch((again: Error) => {
      throw new Error(`${c.name}: ${why}; and then: ${again.message}`);
    });
    return { case: c.name, outages: {}, lost: { redis: 0, sql: 0, jobs: 0 }, faults: [why] };
  }
}

/**
 * What is left of what was acknowledged, and what everybody saw.
 * @param during what was wrong while the fault lasted
 * @param aside names of the jobs that the controllers kept aside as lost
 */
async function judge(
  cluster: Cluster,
  users: Users,
  during: string[],
  aside: string[],
  pace: number,
): Promise<Omit<Result, "case"> & { failed: Record<Client, number> }> {
  const { run, verdict } = await users.next();
  const queue = await cluster.ask("client", `squeue -h -o '%i %j' | grep ' ${run}-[0-9]'`);
  const jobs = judgeJobs(verdict.jobs, queue.stdout, aside, pace);
  const faults = [
    ...during,
    ...jobs.faults,
    ...twoWriters(
      await histories(cluster.outputs, async (m, ask) => (await cluster.ask(m, ask)).stdout),
    ),
    ...(await users.jobs.faults()),
  ];
  const outages = Object.fromEntries(
    CLIENTS.map((client) => [client, verdict.report[client].outageSeconds]),
  ) as Record<Client, number>;
  const lost = { redis: verdict.redis.lost, sql: verdict.sql.lost, jobs: jobs.lost };
  // What Slurm loses of jobs between two saves is a figure; more than that is among the faults already.
  for (const what of ["redis", "sql"] as const) {
    if (lost[what] > 0) faults.push(`${lost[what]} acknowledged of ${what} lost`);
  }
  // What was acknowledged while the database was away is in it once it is back.
  await eventually("the accounting has every job", ACCOUNTED, async () => {
    // By number: jobs that were held all their life are in no range of time.
    const ask = `sacct -n -X -P -o JobID -j ${jobs.kept.map((job) => job.id).join(",")}`;
    const ids = (await cluster.ask("client", ask)).stdout;
    const known = new Set(ids.split("\n"));
    return jobs.kept.every((job) => known.has(job.id));
  }).catch((error: Error) => faults.push(error.message));
  const failed = Object.fromEntries(
    CLIENTS.map((client) => [client, verdict.report[client].failed]),
  ) as Record<Client, number>;
  return { outages, lost, faults, failed };
}

/** Median, 95th percentile and largest of what each case is about; cases that were not run are left out. */
function table(cases: Case[], results: Result[]): string {
  const rows = cases.flatMap((c) =>
    Object.entries(c.limits).flatMap(([client, limit]) => {
      const mine = results.filter((r) => r.case === c.name);
      const values = mine.flatMap((r) => r.outages[client as Client] ?? []);
      if (values.length === 0) return [];
      const at = (p: number) => percentile(values, p).toFixed(2);
      const lost = mine.reduce((n, r) => n + r.lost.redis + r.lost.sql, 0);
      const jobs = mine.reduce((n, r) => n + r.lost.jobs, 0);
      return [
        `| ${c.name} | ${client} | ${values.length} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${limit} | ${lost} | ${jobs} |`,
      ];
    }),
  );
  return [
    "| case | client | n | p50 s | p95 s | max s | limit s | lost | jobs of the last 5 s lost |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
