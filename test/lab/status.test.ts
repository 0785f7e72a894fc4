import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import type { Verdict } from "../../site/status/findings";
import type { Slurm } from "../../components/controllers/look";
import type { Entry } from "../../components/entry/proxy";
import type { Galera } from "../../components/galera/look";
import type { Finding, Status } from "../../components/look";
import type { Redis } from "../../components/redis/look";
import { projectRoot } from "../../lib/project";
import { Cluster } from "../faults/cluster";
import { pace } from "../support/pace";
import { baseState, disturbed, eventually, on, stack } from "../support/site";

/** Longest time for `npx hpc status`, from the shell's point of view, s. */
const ANSWER_SECONDS = 3 * pace();
/** Two cores run the whole site and may be busy with it: one of so many tries must be in time. */
const TRIES = 3;

interface Answer extends Omit<Status, "site" | "tiers"> {
  code: number;
  seconds: number;
  verdict: Verdict;
  findings: Finding[];
  tiers: { controllers: Slurm; redis: Redis; galera: Galera; entry: Entry };
}

/** Types the command as a person does. */
async function hpc(command: "status" | "doctor"): Promise<Answer> {
  const start = Date.now();
  const args = ["hpc", command, "--stack", stack.name, "--json"];
  const { exitCode, stdout, stderr } = await execa("npx", args, {
    cwd: projectRoot,
    reject: false,
  });
  if (stdout === "") throw new Error(`npx ${args.join(" ")}: ${stderr}`);
  const answer = { code: exitCode, seconds: (Date.now() - start) / 1000 };
  console.log(`  hpc ${command}: exit code ${answer.code} after ${answer.seconds.toFixed(1)} s`);
  return { ...answer, ...(JSON.parse(stdout) as Omit<Answer, "code" | "seconds">) };
}
const whole = () => eventually("status 0", 60, async () => (await hpc("status")).code === 0);
/** Types what doctor says, each command once, and says yes to what it asks. */
async function mend(findings: Finding[]): Promise<void> {
  disturbed();
  for (const command of new Set(findings.flatMap((f) => f.mend ?? []))) {
    const env = { PULUMI_SKIP_CONFIRMATIONS: "true" };
    await execa("sh", ["-c", command], { cwd: projectRoot, env });
  }
}

let outputs: StackOutputs;
let cluster: Cluster;
beforeAll(async () => {
  outputs = await baseState();
  cluster = new Cluster(outputs);
});
afterAll(() => cluster.whole());

/** The first status that comes in time. */
async function statusInTime(): Promise<Answer> {
  const took: number[] = [];
  while (took.length < TRIES) {
    const answer = await hpc("status");
    if (answer.seconds < ANSWER_SECONDS) return answer;
    took.push(answer.seconds);
  }
  throw new Error(`no status within ${ANSWER_SECONDS} s; took ${took.join(", ")} s`);
}

it("status is 0 on a whole site, and tells its parts", async () => {
  await whole();
  const seen = await statusInTime();
  expect(seen.findings).toEqual([]);
  expect(seen.machines.map((m) => m.health)).toEqual(seen.machines.map(() => "ok"));
  expect(seen.vips.map((v) => v.holders.length)).toEqual([1, 1, 1]);
  const { controllers, redis, galera, entry } = seen.tiers;
  expect(controllers.backups).toMatchObject([{ fit: true }]);
  expect(redis.replicas).toHaveLength(2);
  expect(galera.nodes.map((n) => n.state)).toEqual(["Synced", "Synced", "Synced"]);
  const up = entry.proxies.map((p) => p.services.flatMap((s) => s.servers.filter((x) => x.up)));
  expect(up.map((servers) => servers.length)).toEqual([16, 16]);
});

it("status is 1 in time when a machine is dead or frozen; doctor names it, and its command mends it", async () => {
  const dead = (await hpc("status")).tiers.redis.replicas[0]?.name ?? "";
  await cluster.killMachine(dead);
  await cluster.freezeMachine("web2");
  const seen = await statusInTime();
  expect(seen).toMatchObject({ code: 1, verdict: "reduced" });
  const { findings } = await hpc("doctor");
  for (const machine of [dead, "web2"]) {
    expect(findings.map((f) => f.what).join("\n")).toContain(`${machine} (`);
  }
  await mend(findings);
  await whole();
});

it("status is 2 when a service is down, and doctor's commands bring it back", async () => {
  const controllers = Object.keys(outputs.addresses["controllers"] ?? {});
  await Promise.all(controllers.map((m) => on(outputs, m, "systemctl stop slurm-watch")));
  await eventually("status 2", 10, async () => (await hpc("status")).code === 2);
  const { code, findings } = await hpc("doctor");
  expect(code).toBe(2);
  expect(findings[0]).toMatchObject({ severity: "down" });
  expect(findings[0]?.what).toContain("slurm VIP");
  await mend(findings);
  await whole();
});
