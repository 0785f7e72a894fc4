import { expect, it } from "vitest";
import { caseResults, resultTable } from "../vm/results";

const report = {
  testResults: [
    { assertionResults: [{ title: "a | b", status: "passed", duration: 1234 }] },
    {
      assertionResults: [
        { title: "c", status: "failed", duration: 60_000 },
        { title: "d", status: "skipped" },
      ],
    },
  ],
};

it("a run of the VM suite is told case by case, failures and all", () => {
  const cases = caseResults(report);
  expect(cases).toEqual([
    { name: "a | b", status: "passed", seconds: 1.2 },
    { name: "c", status: "failed", seconds: 60 },
    { name: "d", status: "skipped", seconds: 0 },
  ]);
  expect(resultTable(cases, 31).split("\n")).toEqual([
    "1 of 3 cases passed; 31 minutes with making and removing the site.",
    "",
    "| case | result | s |",
    "| --- | --- | --- |",
    "| a \\| b | passed | 1.2 |",
    "| c | failed | 60 |",
    "| d | skipped | 0 |",
  ]);
});
