import * as fs from "node:fs";
import * as path from "node:path";
import { hpcHome } from "../../lib/home";

/** One test file of a run of vitest, as far as anybody here reads it. */
export interface FileReport {
  /** Path of the file. */
  name: string;
  startTime: number;
  endTime: number;
  /** "failed" also when its set-up failed, and no case began. */
  status: string;
  assertionResults: { title: string; status: string; duration?: number | null }[];
}

/**
 * Runs vitest, and reads what it wrote of it as JSON.
 * @param name of the file that it is written to, and that does not stay
 * @param run runs it with these options besides @returns whether all passed
 */
export async function reported(
  name: string,
  run: (options: string[]) => Promise<boolean>,
): Promise<{ passed: boolean; report: { testResults: FileReport[] } }> {
  const file = path.join(hpcHome(), `${name}.json`);
  fs.rmSync(file, { force: true });
  const reporters = ["--reporter=verbose", "--reporter=json"];
  const passed = await run([...reporters, `--outputFile.json=${file}`]);
  const report = JSON.parse(fs.readFileSync(file, "utf8")) as { testResults: FileReport[] };
  fs.rmSync(file);
  return { passed, report };
}
