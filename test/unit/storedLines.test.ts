import execa from "execa";
import { expect, it } from "vitest";
import { flood, gaps, missingLines, sumOfLines } from "../support/storedLines";

it("what is missing of numbered lines is said as ranges, at both ends too", () => {
  expect(gaps([1, 2, 3], 3)).toEqual([]);
  expect(gaps([2, 5, 5, 6], 9)).toEqual(["1", "3-4", "7-9"]);
  expect(gaps([], 2)).toEqual(["1-2"]);
});

it("each machine has lines of its own, and one that has none is named", () => {
  const line = (machine: string, text: string) =>
    JSON.stringify({ _HOSTNAME: machine, _msg: text });
  const answer = [line("a", "w 1"), line("b", "w 2"), line("a", "w 2"), line("b", "w 2"), ""];
  expect(missingLines(answer.join("\n"), "w", ["a", "b", "c"], 2)).toEqual(["b: 1", "c: 1-2"]);
  expect(missingLines(line("a", "w 1 and more"), "w", ["a"], 1)).toEqual(["a: 1"]);
});

it("what a store counts in parts is added up", () => {
  expect(sumOfLines('{"lines":"3"}\n\n{"lines":"40"}\n')).toBe(43);
  expect(sumOfLines("")).toBe(0);
});

it("a flood writes each of its lines once, ten thousand a second", async () => {
  const program = /python3 -c '([^']*)'$/.exec(flood("w", 1))?.[1] ?? "";
  const begin = Date.now();
  const { stdout } = await execa("python3", ["-c", program]);
  const lines = stdout.split("\n");
  expect(lines).toHaveLength(10_000);
  expect(
    missingLines(
      lines.map((_msg) => JSON.stringify({ _HOSTNAME: "a", _msg })).join("\n"),
      "w",
      ["a"],
      10_000,
    ),
  ).toEqual([]);
  expect(Date.now() - begin).toBeGreaterThan(900);
});
