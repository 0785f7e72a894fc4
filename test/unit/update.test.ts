import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../lib/wait";
import { runUpdate } from "../../site/stack/update";

/** A shell script in place of `pulumi`. */
const pulumi = (script: string) =>
  fs.writeFileSync(path.join(bin, "pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
let bin: string;
let told: string[];
const before = process.env["PATH"];
beforeEach(() => {
  bin = fs.mkdtempSync(path.join(tmpdir(), "pulumi-"));
  process.env["PATH"] = `${bin}:${before}`;
  told = [];
});
afterEach(() => {
  process.env["PATH"] = before;
  fs.rmSync(bin, { recursive: true });
});
const run = (...args: string[]) =>
  runUpdate(args, bin, (line) => told.push(line), { toEnd: 0.3, toSpeak: 0.3 });

const SUMMARY = `echo '{"sequence":1,"timestamp":1,"summaryEvent":{"resourceChanges":{"same":3}}}'`;
const LAST = `echo '{"sequence":2,"timestamp":1,"cancelEvent":{}}'`;

test("options go to Pulumi as they are, with --json", async () => {
  pulumi(`echo "$@" >args; ${SUMMARY}; ${LAST}`);
  await run("up", "--expect-no-changes");
  expect(fs.readFileSync(path.join(bin, "args"), "utf8")).toBe("up --expect-no-changes --json\n");
  expect(told).toEqual(["  3 unchanged"]);
});

test("what it says outside of events is shown, and its exit code is a failure", async () => {
  pulumi("echo 'error: the stack is currently locked' >&2; exit 255");
  await expect(run("up")).rejects.toThrow("failed (255): see above");
  expect(told).toEqual(["error: the stack is currently locked"]);
});

test("without Pulumi it fails", async () => {
  process.env["PATH"] = bin;
  await expect(run("up")).rejects.toThrow("ENOENT");
});

test("one that is done and does not end is ended", async () => {
  pulumi(`${LAST}; exec sleep 20`);
  await expect(run("up")).rejects.toThrow("did not end for 0.3 s");
});

test("one whose children hold its channels open is not waited for", async () => {
  pulumi(`${SUMMARY}; ${LAST}; sleep 300 & echo $! >child`);
  await run("up");
  process.kill(Number(fs.readFileSync(path.join(bin, "child"), "utf8")));
  expect(told).toEqual(["  3 unchanged"]);
});

test.each([
  ["SIGTERM", 1],
  ["SIGHUP", 1],
  // A terminal tells Pulumi as well.
  ["SIGINT", 0],
] as const)("%s interrupts Pulumi %i times, and it is waited for", async (signal, times) => {
  pulumi(`n=0; trap 'n=$((n+1))' INT; touch ready
    for i in 1 2 3 4 5 6; do sleep 0.1; done; echo $n >interrupted; exit 1`);
  const running = run("up");
  running.catch(() => undefined);
  const ready = () => Promise.resolve(fs.existsSync(path.join(bin, "ready")));
  await until("the script to run", 5, ready, 0.05);
  process.emit(signal);
  await expect(running).rejects.toThrow("failed (1)");
  expect(fs.readFileSync(path.join(bin, "interrupted"), "utf8")).toBe(`${times}\n`);
  expect(process.listenerCount("SIGHUP")).toBe(0);
});
