import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";

/** Stands for a value; the order of keys matters. */
export const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 24);

/** What programs leave beside sources. */
const MADE = /(^|\/)(dist|__pycache__|\.[^/]*_cache|\.hypothesis)\//;

/** Hash over files, by name and content; directories with all that is in them but Go's tests and what is made. */
export function contentHash(...roots: string[]): string {
  const hash = createHash("sha256");
  for (const root of roots) {
    const files = readdirSafe(root).sort();
    for (const file of files) hash.update(path.relative(root, file)).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}

function readdirSafe(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile() && !f.name.endsWith("_test.go"))
      .map((f) => path.join(f.parentPath, f.name))
      .filter((file) => !MADE.test(path.relative(root, file)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [root];
    throw error;
  }
}
