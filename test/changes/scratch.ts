import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

let directory: string | undefined;

/** A path in a directory of this run. */
export const scratch = (name: string): string =>
  path.join((directory ??= fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-changes-"))), name);

/** At the end of the run. */
export function removeScratch(): void {
  if (directory !== undefined) fs.rmSync(directory, { recursive: true, force: true });
}
