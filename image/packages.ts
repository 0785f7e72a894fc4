import { readFileSync } from "node:fs";
import * as path from "node:path";

/** Package names in a list: one a line, `#` starts a comment. */
export const packageNames = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");

/** What every machine carries, of whatever driver. */
export const machinePackages = (): string[] =>
  packageNames(readFileSync(path.join(__dirname, "packages.txt"), "utf8"));
