import { accessSync, constants, readFileSync } from "node:fs";

/** The seam to the file system of this machine, so that validation stays testable. Both throw with the reason. */
export interface Files {
  read(file: string): string;
  /** That a directory is there and can be entered. */
  enter(directory: string): void;
}

export const hostFiles: Files = {
  read: (file) => readFileSync(file, "utf8"),
  // Of a file the last step fails.
  enter: (directory) => accessSync(`${directory}/.`, constants.R_OK | constants.X_OK),
};

/**
 * Faults of a file that the config names.
 * @param key of the config
 * @param file undefined: it names none
 * @param check of its content
 */
export function fileFaults(
  key: string,
  file: string | undefined,
  files: Files,
  check: (text: string) => string[] = () => [],
): string[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = files.read(file);
  } catch (e) {
    return [`${key} = "${file}": must be a readable file (${(e as Error).message})`];
  }
  return check(text).map((fault) => `${key} = "${file}": ${fault}`);
}

/** The same of a directory. */
export function directoryFaults(key: string, directory: string, files: Files): string[] {
  try {
    files.enter(directory);
    return [];
  } catch (e) {
    return [`${key} = "${directory}": must be a readable directory (${(e as Error).message})`];
  }
}
