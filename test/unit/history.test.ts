import { expect, it } from "vitest";
import { twoWriters } from "../faults/history";

// Captured from the share after m2 froze, was fenced and came back, and was then rebooted.
const FENCED = {
  "slurm-m1": "1795510099.042 off slurm-m2\n1795510099.061 start 4\n",
  "slurm-m2": "1795510035.198 off slurm-m1\n1795510035.202 start 3\n",
};

it("accepts a start after the other one ended or was switched off", () => {
  expect(twoWriters(FENCED)).toEqual([]);
  const ended = { a: "1.0 start 1\n2.0 end\n5.0 start 3\n", b: "3.0 start 2\n4.0 end\n" };
  expect(twoWriters(ended)).toEqual([]);
});

it("accepts a second start of the same controller", () => {
  expect(twoWriters({ a: "1.0 start 1\n2.0 start 2\n" })).toEqual([]);
});

it("finds a start while the other one could still write", () => {
  const unfenced = { ...FENCED, "slurm-m1": "1795510099.061 start 4\n" };
  expect(twoWriters(unfenced)).toEqual([
    "slurm-m1 began epoch 4 at 1795510099.061 while slurm-m2 could still write",
  ]);
  expect(twoWriters({ a: "1.0 start 1\n4.0 end\n", b: "3.0 start 2\n" })).toHaveLength(1);
});

it("does not take the end of one for the end of the other", () => {
  expect(twoWriters({ a: "1.0 start 1\n", b: "2.0 end\n3.0 start 2\n" })).toHaveLength(1);
});
