import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { hostname, tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isDead, liveLock, releaseDeadLocks } from "../../site/stack/locks";

const at = "2026-01-01T00:00:00Z";
const lock = { pid: 7, hostname: "here", timestamp: at };
const later = (seconds: number) => Date.parse(at) + seconds * 1000;

test.each([
  ["its process is gone", "here", undefined, true],
  ["its process runs", "here", later(-60), false],
  ["its process began to run in the same second", "here", later(1), false],
  ["another process has its number now", "here", later(60), true],
  ["it is of another machine", "there", undefined, false],
])("a lock: %s", (_, host, started, dead) => expect(isDead(lock, host, started)).toBe(dead));

let root: string;
let directory: string;
const env = () => ({ PULUMI_BACKEND_URL: `file://${root}` });
beforeEach(() => {
  root = fs.mkdtempSync(path.join(tmpdir(), "locks-"));
  directory = path.join(root, ".pulumi/locks/organization/hpc-ha/lab");
  fs.mkdirSync(directory, { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true }));
const write = (name: string, pid: number, host = hostname()) =>
  fs.writeFileSync(
    path.join(directory, name),
    JSON.stringify({ pid, hostname: host, timestamp: new Date().toISOString() }),
  );

test("only dead locks go", () => {
  expect(releaseDeadLocks("lab", env())).toBe(false);
  const gone = spawnSync("true").pid;
  write("a.json", gone);
  write("a.json.attrs", gone);
  write("b.json", process.pid);
  fs.writeFileSync(path.join(directory, "c.json"), "{");
  expect(releaseDeadLocks("lab", env())).toBe(true);
  expect(fs.readdirSync(directory).sort()).toEqual(["b.json", "c.json"]);
  expect(liveLock("lab", env())).toBe(`process ${process.pid} on ${hostname()}`);
  expect(liveLock("prod", env())).toBeUndefined();
  write("b.json", gone);
  expect(liveLock("lab", env())).toBeUndefined();
});
