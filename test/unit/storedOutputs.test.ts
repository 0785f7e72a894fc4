import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, expect, test } from "vitest";
import { stateDirectory, storedOutputs } from "../../site/stack/backend";
import { outputsIn, selectedIn } from "../../site/stack/checkpoint";

const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = { [MARK]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x:y" };

const root = (outputs: unknown, changes: object = {}) => ({
  urn: "urn:pulumi:lab::hpc-ha::pulumi:pulumi:Stack::hpc-ha-lab",
  type: "pulumi:pulumi:Stack",
  outputs,
  ...changes,
});
const checkpoint = (resources: unknown, version = 3) =>
  JSON.stringify({ version, checkpoint: { stack: "s", latest: { resources } } });

test("outputs are the stack's own, and secrets are left out", () => {
  const machine = {
    type: "x:y:Machine",
    urn: "urn:pulumi:lab::hpc-ha::x::web1",
    outputs: { a: 1 },
  };
  const text = checkpoint([root({ size: 2, vips: { web: "a" }, password: SECRET }), machine]);
  expect(outputsIn(text, "lab")).toEqual({ size: 2, vips: { web: "a" } });
});

test.each([
  ["no JSON", "{"],
  ["another version", checkpoint([root({})], 4)],
  ["nothing made yet", JSON.stringify({ version: 3, checkpoint: { stack: "s" } })],
  ["no stack", checkpoint([])],
  ["two stacks", checkpoint([root({}), root({})])],
  ["another stack", checkpoint([root({}, { urn: "urn:pulumi:lab2::hpc-ha::x::y" })])],
  ["a secret inside", checkpoint([root({ portal: { password: SECRET } })])],
])("Pulumi is asked: %s", (_, text) => expect(outputsIn(text, "lab")).toBeUndefined());

test("a stack that is being deleted has no outputs", () => {
  expect(outputsIn(checkpoint([root({ a: 1 }, { delete: true })]), "lab")).toBeUndefined();
});

test("the selection is that of the backend in use", () => {
  const stacks = { "file:///a": "organization/hpc-ha/lab", "s3://b": "organization/hpc-ha/prod" };
  const text = JSON.stringify({ stacks });
  expect(selectedIn(text, "file:///a", "hpc-ha")).toBe("lab");
  expect(selectedIn(text, "file:///c", "hpc-ha")).toBeUndefined();
  expect(selectedIn(text, "file:///a", "other")).toBeUndefined();
  const odd = JSON.stringify({ stacks: { "file:///a": "organization/hpc-ha/../x" } });
  expect(selectedIn(odd, "file:///a", "hpc-ha")).toBeUndefined();
});

const dir = fs.mkdtempSync(path.join(tmpdir(), "state-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));

test("only a directory that is named in full is read", () => {
  const at = (url?: string) => stateDirectory({ PULUMI_BACKEND_URL: url });
  expect(at("file:///a/b")).toBe("/a/b/.pulumi");
  for (const url of [undefined, "file://~", "file://./x", "file:///a?no_tmp_dir=true", "s3://x"]) {
    expect(at(url)).toBeUndefined();
  }
});

test("a checkpoint with a compressed one beside it is Pulumi's to read", () => {
  const env = { PULUMI_BACKEND_URL: `file://${dir}` };
  const file = path.join(dir, ".pulumi/stacks/hpc-ha/lab.json");
  expect(storedOutputs("lab", env)).toBeUndefined();
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, checkpoint([root({ size: 2 })]));
  expect(storedOutputs("lab", env)).toEqual({ size: 2 });
  expect(storedOutputs("organization/hpc-ha/lab", env)).toBeUndefined();
  fs.writeFileSync(`${file}.gz`, "");
  expect(storedOutputs("lab", env)).toBeUndefined();
});
