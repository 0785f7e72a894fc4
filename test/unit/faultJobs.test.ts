import { describe, expect, it } from "vitest";
import { judgeJobs, takeLostJobs } from "../faults/jobs";
import type { StackOutputs } from "../../site/stack";
import type { Cluster } from "../faults/cluster";
import type { SubmittedJob } from "../support/load/faultProtocol";

/** One a second. */
const submitted = (...ids: number[]): SubmittedJob[] =>
  ids.map((id, n) => ({ id: String(id), name: `f-${n}`, at: 1000 * n }));
const queue = (jobs: SubmittedJob[]) => jobs.map(({ id, name }) => `${id} ${name}\n`).join("");

describe("jobs of a case", () => {
  it("are all there", () => {
    const jobs = submitted(1, 2, 3);
    expect(judgeJobs(jobs, queue(jobs), [], 1)).toEqual({ lost: 0, kept: jobs, faults: [] });
  });

  it("that are lost are a figure when they are few and known", () => {
    const jobs = submitted(1, 2, 3, 1004);
    const left = jobs.filter((job) => ["1", "1004"].includes(job.id));
    expect(judgeJobs(jobs, queue(left), ["f-1", "f-2"], 1)).toEqual({
      lost: 2,
      kept: left,
      faults: [],
    });
  });

  it("that are lost without a trace are a fault", () => {
    const jobs = submitted(1, 2);
    expect(judgeJobs(jobs, queue(jobs.slice(0, 1)), [], 1).faults).toEqual([
      "1 jobs are gone without a trace: 2 (f-1)",
    ]);
  });

  it("are another's when an id came twice, though the queue has it", () => {
    const jobs = submitted(1, 2, 2);
    expect(judgeJobs(jobs, "1 f-0\n2 f-2\n", ["f-1"], 1)).toMatchObject({
      lost: 1,
      faults: ["1 ids of jobs were given out twice"],
    });
  });

  it("of more than the time between two saves are a fault, on a slow machine of a longer one", () => {
    const jobs = submitted(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const names = jobs.map((job) => job.name);
    expect(judgeJobs(jobs, "", names, 1).faults).toEqual([
      "jobs of 8.0 s are gone; Slurm saves its state every 5 s",
    ]);
    expect(judgeJobs(jobs, "", names, 2).faults).toEqual([]);
    // Two crashes.
    expect(judgeJobs(jobs, "5 f-4\n", names, 1).faults).toEqual([]);
  });

  it("of one submission are there once", () => {
    const jobs = submitted(1, 2);
    expect(judgeJobs(jobs, `${queue(jobs)}3 f-1\n`, [], 1).faults).toEqual([
      "1 jobs are in the queue twice",
    ]);
  });
});

describe("lost jobs are taken away", () => {
  const addresses = { controllers: { control1: "192.0.2.1", control2: "192.0.2.2" } };
  const outputs = { addresses } as unknown as StackOutputs;
  const answers = (of: Record<string, string>) => ({
    outputs,
    ask: ((machine: string) =>
      machine in of
        ? Promise.resolve({ stdout: of[machine] })
        : Promise.reject(new Error("Connection refused"))) as unknown as Cluster["ask"],
  });

  it("by a controller that answers", async () => {
    expect(await takeLostJobs(answers({ control2: "f-1\nf-2\n" }))).toEqual(["f-1", "f-2"]);
  });

  it("later, when both controllers start just now", async () => {
    expect(await takeLostJobs(answers({}))).toEqual([]);
  });
});
