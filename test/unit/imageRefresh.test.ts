import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { whyRefresh } from "../../image/refresh";
import { forgetImageRefresh, readImageRefresh, writeImageRefresh } from "../../lib/imageRefresh";

const home = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-refresh-"));
afterAll(() => fs.rmSync(home, { recursive: true }));

const DAY = 864e5;

it("an image is built anew when it is too old, or lacks a release", () => {
  const of = (days: number, releases: string[] | undefined, ...running: string[]) =>
    whyRefresh(
      { built: 100 * DAY, ...(releases && { releases }) },
      running.map((id) => ({ id })),
      7,
      (100 + days) * DAY,
    );
  expect(of(6.9, ["a-1", "b-1"], "a-1")).toBeUndefined();
  expect(of(7, ["a-1"], "a-1")).toBe("it is 7 days old");
  expect(of(1, ["a-1"], "a-1", "a-2", "b-1")).toBe("it lacks release a-2, b-1");
  // Of an older version of this program.
  expect(of(1, undefined, "a-1")).toBe("it lacks release a-1");
  expect(whyRefresh(undefined, [], 7, 0)).toBe("none was built here");
});

it("what became of it is kept for each stack, until its timer is gone", () => {
  expect(readImageRefresh(home, "prod")).toBeUndefined();
  writeImageRefresh(home, "prod", { at: 5, why: "no mirror" });
  writeImageRefresh(home, "other", { at: 6 });
  expect(readImageRefresh(home, "prod")).toEqual({ at: 5, why: "no mirror" });
  expect(readImageRefresh(home, "other")).toEqual({ at: 6 });
  forgetImageRefresh(home, "prod");
  expect(readImageRefresh(home, "prod")).toBeUndefined();
});
