/** What it costs to be watched: a web node, a controller and the monitor at rest, and what users see of a takeover. */
import { type Progress, step } from "../lib/progress";
import type { Case } from "../test/faults/cases";
import { CASES } from "../test/faults/cases";
import { Cluster } from "../test/faults/cluster";
import { runCase, Users } from "../test/faults/suite";
import { costTable, readUsed, restOf, type Site, usedProgram } from "../test/support/cost";
import type { Client } from "../test/support/load/faultProtocol";
import { keepFigures } from "../test/support/measured";
import { pace } from "../test/support/pace";
import { ask, baseState, configure, stack } from "../test/support/site";

/** How long machines are watched at rest, s. */
const REST = 120;
/** So long after a change they are at rest, s. */
const SETTLED = 60;
/** A percentile says something from so many on. */
const RUNS = 10;
/** What is done, and who sees it. */
const TAKEOVERS: [name: string, client: Client][] = [
  ["slurmctld kill -9", "sbatch"],
  ["controller machine killed", "sbatch"],
  ["haproxy kill -9", "web"],
  ["Redis master kill -9", "redis"],
];

const caseOf = (name: string): Case => {
  const found = CASES.find((c) => c.name === name);
  if (!found) throw new Error(`the fault suite has no case ${name}`);
  return found;
};

async function measure(progress: Progress, ...more: string[]): Promise<Site> {
  const outputs = await stack.outputs();
  const cluster = new Cluster(outputs);
  await cluster.whole();
  const holder = await cluster.holder("slurm");
  // By what they are: which controller serves is another one each time.
  const asked: Record<string, string> = {
    "a web node": "web1",
    "the controller that serves": holder,
    ...Object.fromEntries(more.map((name) => [name, name])),
  };
  const rest = await step(`at rest, ${REST} s`, progress, async () => {
    const all = Object.entries(asked).map(async ([what, machine]) => {
      const { stdout } = await ask(outputs, machine, `sleep ${SETTLED}; ${usedProgram(REST)}`, {
        timeout: 2 * (SETTLED + REST) * 1000,
      });
      return [what, restOf(readUsed(stdout), REST)] as const;
    });
    return Object.fromEntries(await Promise.all(all));
  });
  const takeovers: Record<string, number[]> = {};
  let users: Users | undefined;
  try {
    for (let run = 1; run <= RUNS; run += 1) {
      for (const [name, client] of TAKEOVERS) {
        if (users?.clients.isOld() === true) {
          await users.end();
          users = undefined;
        }
        const { outages, faults } = await step(
          `${name} (${run} of ${RUNS})`,
          progress,
          async () => {
            users ??= await Users.start(cluster, { webUsers: "impatient" });
            return runCase(caseOf(name), cluster, users, pace());
          },
        );
        const seconds = outages[client];
        if (seconds === undefined) throw new Error(`${name}: ${faults.join("; ")}`);
        (takeovers[`${name}: ${client}`] ??= []).push(seconds);
      }
    }
  } finally {
    await users?.end();
  }
  return { rest, takeovers };
}

/** Measures it on the suite's stack, and keeps the figures. */
export async function benchMonitor(progress: Progress): Promise<void> {
  await baseState();
  const without = await measure(progress);
  configure({ members: { monitor: 1 } });
  await stack.run("up");
  const watched = await measure(progress, "monitor1");
  const table = costTable(without, watched);
  progress(`\n${table}\n`);
  keepFigures("monitor", { measured: new Date().toISOString(), without, watched }, table);
}
