import { describe, expect, it } from "vitest";
import { describeLostJob, LostJobs, readLostJobs } from "../../components/controllers/lostJobs";
import type { RunningSite } from "../../rollout/roll";

/** As slurm-ha says it of a job that the accounting knows, and of one that was held. */
const SAID = [
  {
    id: 921,
    JobName: "night",
    WorkDir: "/home/ann",
    ClaimedUser: "ann",
    Resubmitted: "1925",
    Submit: "2026-11-26T19:40:34",
    User: "ann",
    SubmitLine: "sbatch -p night run.sh",
  },
  { id: 922, JobName: "x\u001b[2J", WorkDir: "", ClaimedUser: "root", Resubmitted: "" },
];
const text = SAID.map((job) => `${JSON.stringify(job)}\n`).join("");

/** A site whose second controller has the VIP. */
function site(): { site: RunningSite; ran: string[] } {
  const ran: string[] = [];
  const machines = {
    names: () => ["slurm-m1", "slurm-m2"],
    ask: (name: string) =>
      Promise.resolve(
        `${"active\n".repeat(5)}${name === "slurm-m2" ? "2: eth0 inet 192.0.2.9/24\n" : ""}`,
      ),
    run: (name: string, command: string) => {
      ran.push(`${name}: ${command}`);
      return Promise.resolve(command.startsWith("slurm-ha resubmit") ? "1925\n" : text);
    },
  };
  return {
    site: { machines, outputs: { vips: { slurm: "192.0.2.9" } } } as unknown as RunningSite,
    ran,
  };
}

describe("lost jobs", () => {
  it("are told with whose they were, and whether that is certain", () => {
    const [known, held] = readLostJobs(text).map(describeLostJob);
    expect(known).toBe(
      "921  night  of ann  in /home/ann, submitted again as 1925\n      sbatch -p night run.sh",
    );
    expect(held).toContain("of root?  in ?");
  });

  it("cannot tell a terminal what to do", () => {
    expect(readLostJobs(text).map(describeLostJob).join("")).not.toContain("\u001b");
  });

  it("are asked for where the VIP is", async () => {
    const { site: one, ran } = site();
    const jobs = new LostJobs(one);
    expect(await jobs.list()).toHaveLength(2);
    expect(await jobs.resubmit("921")).toBe("1925");
    await jobs.resubmit("922", "ann");
    await jobs.forget("922");
    expect(ran).toEqual(
      ["lost", "resubmit 921", "resubmit 922 ann", "forget 922"].map(
        (c) => `slurm-m2: slurm-ha ${c}`,
      ),
    );
  });

  it("are submitted again all at once, but for those of whom that was done", async () => {
    const { site: one, ran } = site();
    expect(await new LostJobs(one).resubmitAll()).toEqual([
      { text: "Job 922 was submitted again as 1925", refused: false },
    ]);
    expect(ran).toEqual(["slurm-m2: slurm-ha lost", "slurm-m2: slurm-ha resubmit 922"]);
  });

  it("of which one is refused keep the others from nothing", async () => {
    const { site: one } = site();
    const { machines } = one;
    const run = (name: string, command: string) =>
      command.startsWith("slurm-ha resubmit")
        ? Promise.reject(new Error("the accounting does not know whose job 922 was"))
        : machines.run(name, command);
    const refusing = { ...one, machines: { ...machines, run } };
    expect(await new LostJobs(refusing).resubmitAll()).toEqual([
      { text: "Job 922: the accounting does not know whose job 922 was", refused: true },
    ]);
  });

  it.each([
    ["1; reboot", undefined],
    ["921", "ann; reboot"],
    ["921", "-u"],
  ])("refuses what is no id and no name: %s %s", async (id, user) => {
    const { site: one, ran } = site();
    await expect(new LostJobs(one).resubmit(id, user)).rejects.toThrow(/is not a/);
    expect(ran).toEqual([]);
  });
});
