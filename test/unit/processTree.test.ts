import * as fs from "node:fs";
import { expect, it } from "vitest";
import { descendants, processOf } from "../support/processTree";

const one = (pid: number, parent: number) => ({ pid, parent, start: "1" });

it("finds children of children, in whatever order they are listed, and nobody else", () => {
  const all = [one(40, 30), one(30, 20), one(20, 10), one(10, 1), one(50, 1), one(21, 20)];
  const pids = descendants(all, 10).map((p) => p.pid);
  expect(pids.sort()).toEqual([20, 21, 30, 40]);
  expect(descendants(all, 50)).toEqual([]);
});

it("does not go round in circles", () => {
  expect(descendants([one(2, 3), one(3, 2)], 2).map((p) => p.pid)).toEqual([3]);
});

it("reads what the kernel says of a process, of this one too", () => {
  const rest = "S 4321 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 100 200";
  expect(processOf(12, `12 (a ) S 99 (b) ${rest}`)).toEqual({
    pid: 12,
    parent: 4321,
    start: "4711",
  });
  const own = processOf(process.pid, fs.readFileSync("/proc/self/stat", "utf8"));
  expect(own).toMatchObject({ pid: process.pid, parent: process.ppid });
  expect(processOf(12, "")).toBeUndefined();
});
