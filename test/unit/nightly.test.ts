import { expect, it } from "vitest";
import { partsOf, partsTable } from "../support/nightly";

/** As vitest wrote it of three files: with a case that failed and one left out, a set-up that failed, a clean-up that did. */
const REPORT: Parameters<typeof partsOf>[0] = {
  testResults: [
    {
      startTime: 1795757816059,
      endTime: 1795757819074.0496,
      status: "failed",
      name: "/project/test/lab/scaling.test.ts",
      assertionResults: [
        { title: "a", status: "passed" },
        { title: "b | c", status: "failed" },
        { title: "d", status: "skipped" },
      ],
    },
    {
      startTime: 1795757814938,
      endTime: 1795757814938,
      status: "failed",
      name: "/project/test/lab/nightly/users.test.ts",
      assertionResults: [{ title: "a", status: "skipped" }],
    },
    {
      startTime: 1795757818407,
      endTime: 1795757818411.4094,
      status: "failed",
      name: "/project/test/lab/status.test.ts",
      assertionResults: [{ title: "a", status: "passed" }],
    },
    {
      startTime: 1795757818500,
      endTime: 1795757908500,
      status: "passed",
      name: "/project/test/lab/secrets.test.ts",
      assertionResults: [{ title: "a", status: "passed" }],
    },
  ],
};

it("a file whose set-up or clean-up failed has not passed, whatever its cases say", () => {
  expect(partsOf(REPORT)).toEqual([
    { name: "users", passed: 0, seconds: 0, failed: ["before or after its cases"] },
    { name: "scaling", passed: 1, seconds: 3, failed: ["b | c"] },
    { name: "status", passed: 1, seconds: 0, failed: ["before or after its cases"] },
    { name: "secrets", passed: 1, seconds: 90, failed: [] },
  ]);
});

it("is a table for people, with the machine that it was on", () => {
  expect(partsTable(partsOf(REPORT), 1.7).split("\n")).toEqual([
    "1 of 4 files passed, in 2 minutes, on a machine that takes 1.7 times as long as the one that limits are for.",
    "",
    "| file | passed | failed | s |",
    "| --- | --- | --- | --- |",
    "| users | 0 | before or after its cases | 0 |",
    "| scaling | 1 | b \\| c | 3 |",
    "| status | 1 | before or after its cases | 0 |",
    "| secrets | 1 |  | 90 |",
  ]);
});
