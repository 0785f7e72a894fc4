import type { FileReport } from "../support/report";

/** One case of the suite, as it went. */
export interface CaseResult {
  name: string;
  /** "passed", "failed", or "skipped" when something before it had failed. */
  status: string;
  seconds: number;
}

/** The cases of a run in its order. Pure. */
export const caseResults = (report: {
  testResults: Pick<FileReport, "assertionResults">[];
}): CaseResult[] =>
  report.testResults
    .flatMap((file) => file.assertionResults)
    .map(({ title, status, duration }) => ({
      name: title,
      status,
      seconds: Math.round((duration ?? 0) / 100) / 10,
    }));

/** The same for people. */
export function resultTable(cases: CaseResult[], minutes: number): string {
  const passed = cases.filter((c) => c.status === "passed").length;
  return [
    `${passed} of ${cases.length} cases passed; ${minutes} minutes with making and removing the site.`,
    "",
    "| case | result | s |",
    "| --- | --- | --- |",
    ...cases.map((c) => `| ${c.name.replaceAll("|", "\\|")} | ${c.status} | ${c.seconds} |`),
  ].join("\n");
}
