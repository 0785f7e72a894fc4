import { afterEach, describe, expect, it } from "vitest";
import { factorOf, fitForFigures, keptFactor, measurePace, pace, sayPace } from "../support/pace";

describe("the factor of time limits", () => {
  it("is 1 on a machine of normal speed, and on a faster one", () => {
    expect(factorOf([2, 2, 2], 2)).toBe(1);
    expect(factorOf([0.5, 0.5, 0.5], 2)).toBe(1);
  });

  it("is 2 on a machine half as fast", () => {
    expect(factorOf([4, 4, 4], 2)).toBe(2);
  });

  it("is of the middle round: one that was disturbed does not count, in whatever order they came", () => {
    expect(factorOf([20, 2.6, 2.5], 2)).toBe(1.3);
    expect(factorOf([0.1, 2.6, 20], 2)).toBe(1.3);
  });

  it("needs a round", () => {
    expect(() => factorOf([], 2)).toThrow("no round");
  });

  it("is read from the environment, and 1 where nobody measured or what is there is nonsense", () => {
    expect(keptFactor({ HPC_HA_PACE: "2.5" })).toBe(2.5);
    for (const value of [undefined, "", "fast", "0.2", "-3", "Infinity"]) {
      expect(keptFactor({ HPC_HA_PACE: value })).toBe(1);
    }
  });

  it("is said where it is not 1", () => {
    expect(sayPace(1.3)).toContain("times 1.3");
    expect(sayPace(1)).not.toContain("times 1");
  });

  it("makes figures worthless when it is large", () => {
    expect([1, 1.5, 1.6].map(fitForFigures)).toEqual([true, true, false]);
  });
});

describe("a measurement", () => {
  const before = process.env["HPC_HA_PACE"];
  afterEach(() => {
    if (before === undefined) delete process.env["HPC_HA_PACE"];
    else process.env["HPC_HA_PACE"] = before;
  });

  it("is kept for this process and its children, and never replaced by a smaller one", async () => {
    process.env["HPC_HA_PACE"] = "9000";
    expect(await measurePace(1, 1)).toBe(9000);
    expect(pace()).toBe(9000);
    delete process.env["HPC_HA_PACE"];
    const factor = await measurePace(1, 1);
    expect(factor).toBeGreaterThanOrEqual(1);
    expect(process.env["HPC_HA_PACE"]).toBe(String(factor));
  });
});
