import * as path from "node:path";
import type { Progress } from "../../lib/progress";
import { keepFigures } from "./measured";
import { pace } from "./pace";
import { type FileReport, reported } from "./report";
import { labSuite } from "./suite";

/** A test file, as it went. */
export interface Part {
  name: string;
  /** How many cases. */
  passed: number;
  /** Without what prepares its cases. */
  seconds: number;
  /** Titles of the cases that did not pass. */
  failed: string[];
}

/** The files of a run, in the order in which they ran. Pure. */
export const partsOf = ({ testResults }: { testResults: FileReport[] }): Part[] =>
  [...testResults]
    .sort((a, b) => a.startTime - b.startTime)
    .map(({ name, startTime, endTime, status, assertionResults }) => {
      const titles = (wanted: string) =>
        assertionResults.filter((one) => one.status === wanted).map(({ title }) => title);
      const failed = titles("failed");
      if (status === "failed" && failed.length === 0) failed.push("before or after its cases");
      return {
        name: path.basename(name).replace(/\.test\.ts$/, ""),
        passed: titles("passed").length,
        seconds: Math.round((endTime - startTime) / 1000),
        failed,
      };
    });

/** The same for people. Pure. */
export function partsTable(parts: readonly Part[], factor: number): string {
  const minutes = Math.round(parts.reduce((sum, { seconds }) => sum + seconds, 0) / 60);
  const green = parts.filter(({ failed }) => failed.length === 0).length;
  return [
    `${green} of ${parts.length} files passed, in ${minutes} minutes, on a machine that takes ${factor} times as long as the one that limits are for.`,
    "",
    "| file | passed | failed | s |",
    "| --- | --- | --- | --- |",
    ...parts.map(
      ({ name, passed, seconds, failed }) =>
        `| ${name} | ${passed} | ${failed.join("; ").replaceAll("|", "\\|")} | ${seconds} |`,
    ),
  ].join("\n");
}

/**
 * The files of the lab suite that `npm test` has no time for, each whatever became of the others; the result is kept in
 * docs/measured.md, good or bad.
 * @returns whether all passed
 */
export async function nightlySuite(progress: Progress): Promise<boolean> {
  const { passed, report } = await reported("nightly", (options) =>
    labSuite(["test/lab/nightly/"], progress, options),
  );
  const parts = partsOf(report);
  const figures = { measured: new Date().toISOString(), pace: pace(), parts };
  keepFigures("nightly", figures, partsTable(parts, pace()));
  return passed;
}
