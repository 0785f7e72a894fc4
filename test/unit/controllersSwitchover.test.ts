import { describe, expect, it } from "vitest";
import { disturbedJobs, longestGap, runningJobs } from "../../components/controllers/jobs";
import { parseController, planSwitchover } from "../../components/controllers/pair";

const ADDRESS =
  "2: eth0    inet 198.18.1.100/24 scope global secondary eth0\\       valid_lft forever preferred_lft forever";
const holder = parseController("slurm-m1", `active\nactive\nactive\nactive\n${ADDRESS}`);
const backup = parseController("slurm-m2", "active\nactive\nactive\ninactive");

describe("planSwitchover", () => {
  it("moves from the VIP's holder to the other", () => {
    expect(planSwitchover([holder, backup])).toEqual({ from: "slurm-m1", to: "slurm-m2" });
  });

  it("refuses when the other is not fit, with every reason", () => {
    const sick = parseController("slurm-m2", "active\nfailed\nactivating\ninactive");
    expect(planSwitchover([holder, sick])).toEqual({
      reasons: ["keepalived is failed on slurm-m2", "slurm-watch is activating on slurm-m2"],
    });
    expect(planSwitchover([holder, parseController("slurm-m2", undefined)])).toEqual({
      reasons: ["slurm-m2 does not answer"],
    });
  });

  it("refuses while a failover is under way: nobody, or both, or no slurmctld", () => {
    expect(planSwitchover([backup, backup])).toEqual({
      reasons: [expect.stringContaining("no controller holds the Slurm VIP")],
    });
    expect(planSwitchover([holder, { ...holder, name: "slurm-m2" }])).toEqual({
      reasons: [expect.stringContaining("slurm-m1 and slurm-m2 holds the Slurm VIP")],
    });
    const loading = parseController("slurm-m1", `active\nactive\nactive\nactivating\n${ADDRESS}`);
    expect(planSwitchover([loading, backup])).toEqual({
      reasons: ["slurmctld is activating on slurm-m1"],
    });
  });
});

describe("disturbedJobs", () => {
  const before = "7 RUNNING 2026-11-24T08:00:00\n8 RUNNING 2026-11-24T08:01:00\n9 PENDING N/A";
  it("lets jobs run on, end and begin", () => {
    const after =
      "7 RUNNING 2026-11-24T08:00:00\n8 COMPLETED 2026-11-24T08:01:00\n9 RUNNING 2026-11-24T08:02:00";
    expect(disturbedJobs(before, after)).toEqual([]);
  });

  it("tells a job that waits again or was started anew", () => {
    const after = "7 PENDING N/A\n8 RUNNING 2026-11-24T08:09:00\n9 PENDING N/A";
    expect(disturbedJobs(before, after)).toEqual([
      "7 is PENDING, was running since 2026-11-24T08:00:00",
      "8 is RUNNING, was running since 2026-11-24T08:01:00",
    ]);
  });
});

it("runningJobs counts those that run", () => {
  expect(runningJobs("7 RUNNING 2026-11-24T08:00:00\n9 PENDING N/A\n")).toBe(1);
});

it("longestGap is the longest silence between two answers", () => {
  expect(longestGap("1000\n1100\n3350\n3400\n")).toBe(2.25);
  expect(longestGap("")).toBe(0);
});
