import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { baseConfig, baseState, configure, eventually, ask, stack } from "../support/site";

let outputs: StackOutputs;
let job = "";
const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());
/** State and restarts of the job, and when it began. */
const look = () =>
  client(`scontrol show job ${job} | grep -oE '(JobState|Restarts|StartTime)=\\S+'`);
const nodes = async (count: number) => {
  const slurm = { ...(baseConfig()["slurm"] as object), computeNodes: count };
  configure({ slurm });
  await stack.run("up");
};

beforeAll(async () => {
  outputs = await baseState();
});
afterAll(async () => {
  await ask(outputs, "client", `scancel ${job}`).catch(() => undefined);
  await baseState();
});

it("compute nodes come and go without touching a running job", async () => {
  job = await client("sbatch --parsable --output=/dev/null --nodelist=compute1 --wrap 'sleep 900'");
  await eventually("the job runs", 20, async () => (await look()).includes("JobState=RUNNING"));
  const before = await look();
  await nodes(3);
  expect(await look()).toBe(before);
  expect(await client("sinfo -h -N -o '%N %T'")).toBe(
    "compute1 mixed\ncompute2 idle\ncompute3 idle",
  );
  const there = "srun --nodelist=compute3 --time=1 hostname";
  expect(await client(there)).toBe("compute3");
  await nodes(2);
  expect(await look()).toBe(before);
  expect(await client("sinfo -h -N -o '%N'")).toBe("compute1\ncompute2");
});
