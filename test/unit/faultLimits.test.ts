import { expect, it } from "vitest";
import { beyond } from "../faults/limits";

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
