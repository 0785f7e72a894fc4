import { expect, it } from "vitest";
import { beyond, beyondP95, percentile } from "../faults/limits";

it("a single run may take twice as long as the 95th percentile, and no longer", () => {
  expect(beyond({ web: 1, sbatch: 5 }, { web: 2, sbatch: 9.9 }, 1)).toEqual([]);
  expect(beyond({ web: 1, sbatch: 5 }, { web: 2.1, sbatch: 10.1 }, 1)).toEqual([
    "web: 2.10 s without an answer; p95 at most 1 s",
    "sbatch: 10.10 s without an answer; p95 at most 5 s",
  ]);
});

it("on a machine half as fast, twice that, and no longer", () => {
  expect(beyond({ redis: 5 }, { redis: 20 }, 2)).toEqual([]);
  expect(beyond({ redis: 5 }, { redis: 20.5 }, 2)).toEqual([
    "redis: 20.50 s without an answer; p95 at most 5 s, and this machine takes 2 times as long",
  ]);
});

it("a client with a limit that was not measured is a fault; one without a limit may see what it will", () => {
  expect(beyond({ sql: 2.5 }, { web: 60 }, 1)).toEqual(["sql: nobody measured it"]);
});

const runs = (n: number, seconds: number) => Array.from({ length: n }, () => ({ web: seconds }));

it("the 95th percentile of ten runs is held to the limit itself, not to twice that", () => {
  const one = { web: 1.2 };
  expect(beyondP95({ web: 1 }, [...runs(9, 0.5), one])).toEqual([
    "web: p95 of 10 runs is 1.20 s; at most 1 s",
  ]);
  // Each of these runs by itself is within what a single run may take.
  expect([...runs(9, 0.5), one].flatMap((run) => beyond({ web: 1 }, run, 1))).toEqual([]);
  expect(beyondP95({ web: 1.2, sql: 1 }, [...runs(9, 0.5), one])).toEqual([]);
  // One of twenty may be above.
  expect(beyondP95({ web: 1 }, [...runs(19, 0.5), one])).toEqual([]);
  expect(beyondP95({ web: 1 }, [...runs(18, 0.5), one, one])).toHaveLength(1);
});

it("fewer runs than ten have no 95th percentile", () => {
  expect(beyondP95({ web: 1 }, runs(9, 1.9))).toEqual([]);
});

it("a percentile is one of the values, in whatever order they came", () => {
  const values = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
  expect([0.01, 0.5, 0.95, 1].map((p) => percentile(values, p))).toEqual([1, 5, 10, 10]);
  expect(percentile([], 0.5)).toBeNaN();
});
