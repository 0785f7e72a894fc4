import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

/** Makes a directory of a root file system, and those above it: open to all, whatever the umask of who builds it. */
export function makeInto(directory: string): void {
  if (existsSync(directory)) return;
  makeInto(path.dirname(directory));
  mkdirSync(directory);
  chmodSync(directory, 0o755);
}

/** Writes a file of a root file system, readable by all. */
export function writeInto(root: string, file: string, text: string): void {
  const target = path.join(root, file);
  makeInto(path.dirname(target));
  writeFileSync(target, text);
  chmodSync(target, 0o644);
}
