import pc from "picocolors";
import { type Progress, step } from "../../toolchain/progress";
import { keepFigures, keptFigures } from "../support/measured";
import { CLIENTS, type Client, type Verdict } from "../support/load/faultProtocol";
import { baseState, eventually } from "../support/site";
import { type Case, CASES } from "./cases";
import { FaultClients } from "./clients";
import { Cluster } from "./cluster";
import { twoWriters } from "./history";

/** Slurm saves its state at least so often; a job that started later than that before a fault may run again, s. */
const SAVE_SECONDS = 5;
/** The limits are for the 95th percentile; a single run on a shared machine may take so much longer. */
const SINGLE_RUN = 2;
/** Slurm sends its accounting within this time, once there is a database, s. */
const ACCOUNTED = 60;
/** Acknowledgements of every client after which it counts as recovered. */
const RECOVERED = 4;

/** One run of one case. */
interface Result {
  case: string;
  outages: Record<Client, number>;
  /** Acknowledged writes that are gone. */
  lost: { redis: number; sql: number; jobs: number };
  faults: string[];
}

/** Runs the fault cases and prints the figures. @returns whether all were within their limits */
export async function faultSuite(
  options: { repeats: number; filter: string; short: boolean },
  progress: Progress,
): Promise<boolean> {
  const cluster = new Cluster(await baseState());
  const cases = CASES.filter((c) => c.name.includes(options.filter) && (c.short || !options.short));
  if (cases.length === 0) throw new Error(`no fault case has "${options.filter}" in its name`);
  const results: Result[] = [];
  for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
    for (const c of cases) {
      const title = `${c.name}${options.repeats > 1 ? ` (${repeat} of ${options.repeats})` : ""}`;
      const result = await step(title, progress, () => runCase(c, cluster));
      results.push(result);
      const seen = CLIENTS.map((client) => `${client} ${result.outages[client].toFixed(1)} s`);
      progress(`    ${seen.join(", ")}`);
      for (const fault of result.faults) progress(`    ${pc.red(fault)}`);
    }
  }
  progress(`\n${table(CASES, results)}\n`);
  if (!options.short) {
    // A run of some cases replaces their older figures and keeps those of the others.
    const ran = new Set(results.map((r) => r.case));
    const kept = ((keptFigures("faults") ?? []) as Result[]).filter((r) => !ran.has(r.case));
    const all = [...kept, ...results];
    keepFigures("faults", all, table(CASES, all));
  }
  return results.every((r) => r.faults.length === 0);
}

async function runCase(c: Case, cluster: Cluster): Promise<Result> {
  await cluster.whole();
  const name = `f${Date.now().toString(36)}`;
  const long = await startLongJobs(cluster, name);
  const clients = await FaultClients.start(cluster.outputs, name);
  let mend: () => Promise<unknown> = () => Promise.resolve();
  let mended = false;
  try {
    await new Promise((resolve) => setTimeout(resolve, (SAVE_SECONDS + 1) * 1000));
    mend = await c.fault(cluster);
    await clients.progress(`every client after: ${c.name}`, RECOVERED, c.without);
    const faults = (await c.during?.(cluster)) ?? [];
    await mend();
    mended = true;
    await cluster.whole();
    await clients.progress("every client when the cluster is whole again", RECOVERED);
    return await judge(c, cluster, name, await clients.stop(), long, faults);
  } finally {
    clients.kill();
    if (!mended) await mend();
    await cluster.shell("client", `scancel --name=${name}-long`).catch(() => undefined);
  }
}

/** Jobs that run through the fault, and write each half second that they do. */
async function startLongJobs(cluster: Cluster, name: string): Promise<string[]> {
  const script = `echo start >> /var/tmp/${name}.$SLURM_JOB_ID; while sleep 0.5; do date +%s >> /var/tmp/${name}.$SLURM_JOB_ID; done`;
  const submit = `sbatch --parsable --mem=1 --output=/dev/null --job-name=${name}-long --wrap '${script}'`;
  const { stdout } = await cluster.shell("client", `${submit}; ${submit}`);
  const ids = stdout.trim().split("\n");
  await eventually("the long jobs run", 30, async () => {
    const jobs = await cluster.shell("client", `squeue -h -t R -n ${name}-long -o %i`);
    return jobs.stdout.trim().split("\n").length === ids.length;
  });
  return ids;
}

async function judge(
  c: Case,
  cluster: Cluster,
  name: string,
  verdict: Verdict,
  long: string[],
  faults: string[],
): Promise<Result> {
  const queue = await cluster.shell("client", `squeue -h -n ${name} -o %i`);
  const queued = queue.stdout.trim().split("\n");
  await cluster.shell("client", `scancel --name=${name}`);
  const compute = Object.keys(cluster.outputs.addresses["slurm-compute"] ?? {});
  const read = async (file: string) =>
    (await Promise.all(compute.map((m) => cluster.shell(m, `cat ${file} 2>/dev/null; true`))))
      .flatMap(({ stdout }) => stdout.split("\n"))
      .filter((line) => line !== "");
  faults.push(...twoWriters(await cluster.histories()));
  for (const id of long) {
    const lines = await read(`/var/tmp/${name}.${id}`);
    const starts = lines.filter((line) => line === "start").length;
    const silent = Date.now() / 1000 - Number(lines.at(-1));
    if (starts !== 1) faults.push(`running job ${id} was started ${starts} times`);
    if (!(silent < 5)) faults.push(`running job ${id} has not written for ${silent.toFixed(0)} s`);
  }
  await Promise.all(compute.map((m) => cluster.shell(m, `rm -f /var/tmp/${name}.*`)));
  const outages = Object.fromEntries(
    CLIENTS.map((client) => [client, verdict.report[client].outageSeconds]),
  ) as Result["outages"];
  const lost = {
    redis: verdict.redis.lost,
    sql: verdict.sql.lost,
    jobs: verdict.jobs.filter((id) => !queued.includes(id)).length,
  };
  if (new Set(queued).size !== queued.length) faults.push("a job is in the queue twice");
  for (const [what, n] of Object.entries(lost)) {
    if (n > 0) faults.push(`${n} acknowledged of ${what} lost`);
  }
  // What was acknowledged while the database was away is in it once it is back.
  await eventually("the accounting has every job", ACCOUNTED, async () => {
    // By number: jobs that were held all their life are in no range of time.
    const ask = `sacct -n -X -P -o JobID -j ${verdict.jobs.join(",")}`;
    const ids = (await cluster.shell("client", ask)).stdout;
    const known = new Set(ids.split("\n"));
    return verdict.jobs.every((id) => known.has(id));
  }).catch((error: Error) => faults.push(error.message));
  for (const [client, limit] of Object.entries(c.limits)) {
    const outage = outages[client as Client];
    if (outage > limit * SINGLE_RUN) {
      faults.push(`${client}: ${outage.toFixed(2)} s without an answer; p95 at most ${limit} s`);
    }
  }
  return { case: c.name, outages, lost, faults };
}

/** Median, 95th percentile and largest of what each case is about; cases that were not run are left out. */
function table(cases: Case[], results: Result[]): string {
  const rows = cases.flatMap((c) =>
    Object.entries(c.limits).flatMap(([client, limit]) => {
      const mine = results.filter((r) => r.case === c.name);
      if (mine.length === 0) return [];
      const values = mine.map((r) => r.outages[client as Client]).sort((a, b) => a - b);
      const at = (p: number) => (values[Math.ceil(p * values.length) - 1] ?? NaN).toFixed(2);
      const lost = mine.reduce((n, r) => n + r.lost.redis + r.lost.sql + r.lost.jobs, 0);
      return [
        `| ${c.name} | ${client} | ${values.length} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${limit} | ${lost} |`,
      ];
    }),
  );
  return [
    "| fault | client | n | p50 s | p95 s | max s | limit s | lost |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
