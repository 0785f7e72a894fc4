import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Stack } from "../../site/stack";
import { BaseRecord } from "../support/witness";

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${dir}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(dir, { recursive: true });
});

it("knows the resources of a stack that nobody works on, whatever a lock has left behind", () => {
  const write = (file: string, text: string) => {
    const target = path.join(dir, ".pulumi", file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
    return target;
  };
  const record = new BaseRecord({ name: "test", prefix: "hpc-ha-test" } as Stack);
  expect(record.resources()).toBeUndefined();
  write("stacks/hpc-ha/test.json", '{"checkpoint": {"latest": {"resources": [{"urn": "a"}]}}}');
  const known = record.resources();
  expect(known).toMatch(/^[0-9a-f]{64}$/);
  write("locks/organization/hpc-ha/test/1.json.attrs", "{}");
  expect(record.resources()).toBe(known);
  const lock = write("locks/organization/hpc-ha/test/2.json", "{}");
  expect(record.resources()).toBeUndefined();
  fs.rmSync(lock);
  expect(record.resources()).toBe(known);
});
