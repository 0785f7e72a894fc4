import * as fs from "node:fs";

/** Writes a file (0600) that is whole at every moment, and on the disk when this returns. @throws Error when it cannot be */
export function writeWhole(file: string, text: string): void {
  const own = `${file}.new`;
  const descriptor = fs.openSync(own, "w", 0o600);
  try {
    fs.writeSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(own, file);
}
