import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { privateDirectory } from "../../site/connections";

let parent: string;
beforeEach(() => (parent = fs.mkdtempSync(path.join(tmpdir(), "c-"))));
afterEach(() => fs.rmSync(parent, { recursive: true }));

test("the sockets' directory is made for this user alone, and found again", () => {
  const directory = privateDirectory(parent);
  expect(fs.statSync(directory ?? "").mode & 0o777).toBe(0o700);
  expect(privateDirectory(parent)).toBe(directory);
});

test("one that others may enter is not used", () => {
  fs.chmodSync(privateDirectory(parent) ?? "", 0o750);
  expect(privateDirectory(parent)).toBeUndefined();
});

test("a link in its place is not followed", () => {
  const directory = privateDirectory(parent) ?? "";
  fs.rmdirSync(directory);
  fs.mkdirSync(path.join(parent, "elsewhere"), { mode: 0o700 });
  fs.symlinkSync(path.join(parent, "elsewhere"), directory);
  expect(privateDirectory(parent)).toBeUndefined();
});

test("without a parent, or with one whose name is too long for a socket, nothing is kept", () => {
  expect(privateDirectory(path.join(parent, "absent"))).toBeUndefined();
  const long = path.join(parent, "x".repeat(60));
  fs.mkdirSync(long);
  expect(privateDirectory(long)).toBeUndefined();
});
