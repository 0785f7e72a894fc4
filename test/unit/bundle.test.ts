import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, expect, test } from "vitest";
import { projectRoot } from "../../lib/project";

const clone = fs.mkdtempSync(path.join(tmpdir(), "clone-"));
afterAll(() => fs.rmSync(clone, { recursive: true }));

const help = async () => (await execa(path.join(clone, "cli/hpc"), ["--help"])).stdout;
const bundle = path.join(clone, "cli/dist/hpc.js");

test("hpc runs bundled, and never something else than its present sources", async () => {
  const kept = (file: string) => !/\/(node_modules|dist|\.git|sdks|go)$/.test(file);
  fs.cpSync(projectRoot, clone, { recursive: true, filter: kept });
  fs.symlinkSync(path.join(projectRoot, "node_modules"), path.join(clone, "node_modules"));

  expect(await help()).toContain("Usage: npx hpc");
  const made = fs.statSync(bundle).mtimeMs;
  expect(await help()).toContain("Usage: npx hpc");
  expect(fs.statSync(bundle).mtimeMs).toBe(made);

  // As a checkout or a copy does that keeps the time.
  const source = path.join(clone, "cli/hpc.ts");
  const { atime, mtime } = fs.statSync(source);
  fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace("Usage:", "So:"));
  fs.utimesSync(source, atime, mtime);
  expect(await help()).toContain("So: npx hpc");

  fs.writeFileSync(bundle, "console.log('Usage: npx hpc')");
  expect(await help()).toContain("So: npx hpc");

  const dist = path.dirname(bundle);
  fs.rmSync(dist, { recursive: true });
  fs.writeFileSync(dist, "in the way");
  expect(await help()).toContain("So: npx hpc");
}, 30_000);
