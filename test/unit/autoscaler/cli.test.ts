import { describe, expect, it } from "vitest";
import { durationOf } from "../../../cli/duration";
import { table } from "../../../cli/why";

describe("a time as a person says it", () => {
  it.each([
    ["90s", 90],
    ["30m", 1800],
    ["2h", 7200],
    ["1d", 86_400],
  ])("%s is %d s", (text, seconds) => expect(durationOf("--hold", text)).toBe(seconds));

  it.each(["2", "h", "-1h", "1.5h", "0m", "2 h", ""])("%j is none", (text) => {
    expect(() => durationOf("--hold", text)).toThrow("a time such as 90s, 30m, 2h, 1d");
  });
});

it("shows each rule's vote, and which cannot say", () => {
  const shown = table({
    at: 0,
    size: 2,
    serving: 2,
    wanted: 3,
    target: 3,
    brakes: [],
    look: { at: 0, proxies: {}, backends: [], cpu: {} },
    votes: [
      { rule: "connections", wanted: 3, value: 612.5, goal: 500, of: "auth_portal", age: 0 },
      { rule: "cpu" },
    ],
  });
  expect(shown.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["rule", "of", "measured", "goal", "age", "asks for"],
    ["connections", "auth_portal", "612.50", "500", "0 s", "3"],
    ["cpu", "-", "-", "-", "cannot say"],
  ]);
});
