import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Cluster } from "../faults/cluster";
import { hpc } from "../support/hpc";
import { Load } from "../support/load";
import { wrongWith } from "../support/loaded";
import { pace } from "../support/pace";
import { ask, baseState, eventually, on } from "../support/site";

/** Units that a rolling restart starts anew, by machine of the base state. */
const RESTARTED: Record<string, string> = {
  galera1: "mariadb",
  galera2: "mariadb",
  galera3: "mariadb",
  redis1: "redis-server",
  redis2: "redis-server",
  redis3: "redis-server",
  haproxy1: "haproxy",
  haproxy2: "haproxy",
  web1: "hpc-web@app",
  web2: "hpc-web@app",
  "slurm-m1": "slurm-watch",
  "slurm-m2": "slurm-watch",
  compute1: "slurmd",
  compute2: "slurmd",
};

let outputs: StackOutputs;
let cluster: Cluster;
let load: Load | undefined;
beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
  await cluster.whole();
});
afterAll(async () => {
  load?.kill();
  await baseState();
});

const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());
/** Main process of each unit: another one after a restart. */
const processes = async () =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(RESTARTED).map(async ([machine, unit]) => {
        const question = `systemctl show ${unit} --property=MainPID --value`;
        return [machine, (await ask(outputs, machine, question)).stdout] as const;
      }),
    ),
  );

it(
  "all tiers under load: no request fails, and a running job goes on",
  async () => {
    const job = await client("sbatch --parsable --output=/dev/null --mem=1 --wrap 'sleep 900'");
    const start = () => client(`squeue -h -j ${job} -o '%T %S'`);
    await eventually("the job runs", 30, async () => (await start()).startsWith("RUNNING"));
    const job0 = await start();
    const before = await processes();
    load = await Load.start(outputs);
    const quiet = await load.during(3);
    expect(wrongWith(quiet)).toEqual([]);
    const { code } = await hpc("restart");
    const report = await load.report();
    console.log(
      `  ${report.sent.keepAlive + report.sent.fresh} requests in ${report.seconds.toFixed(0)} s, ` +
        `${report.failures.length} failed, the slowest took ${report.slowestMs} ms`,
    );
    expect(code).toBe(0);
    expect(wrongWith(report, { quiet, nodes: ["web1", "web2"] })).toEqual([]);
    const after = await processes();
    expect(Object.keys(before).filter((m) => before[m] === after[m])).toEqual([]);
    expect(await start()).toBe(job0);
    await client(`scancel ${job}`);
    // Every WebSocket found its way back.
    await eventually("all WebSockets are open", 20, async () =>
      ((await load?.report())?.sockets ?? []).every((s) => s.open),
    );
    await load.stop();
    await cluster.whole();
  },
  420_000 * pace(),
);

it("stops where a tier is not whole, says so, and the same command goes on afterwards", async () => {
  await on(outputs, "redis3", "systemctl stop redis-server");
  const stopped = await hpc("restart", "redis");
  expect(stopped.code).toBe(3);
  expect(stopped.said).toMatch(/redis is not whole after 5 s: .*redis3/);
  expect(stopped.said).toContain("Nothing was restarted");
  await on(outputs, "redis3", "systemctl start redis-server");
  await cluster.whole();
  expect((await hpc("restart", "redis")).code).toBe(0);
  await cluster.whole();
});

it("refuses an unknown tier", async () => {
  const { code, said } = await hpc("restart", "mysql");
  expect(code).toBe(3);
  expect(said).toContain(
    'no tier "mysql"; allowed: galera, redis, entry, web, controllers, compute',
  );
});
