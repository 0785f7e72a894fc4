import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { addReleases, runningReleases } from "../../image/webReleases";
import { type Release, releaseDirectory, releaseId } from "../../releases/release";
import { treeHash } from "../../releases/tree";

const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-image-"));
const inside = (...parts: string[]) => path.join(directory, ...parts);
const said: string[] = [];
const progress = (text: string) => void said.push(text);
let release: Release;
beforeAll(() => {
  vi.stubEnv("HPC_HA_HOME", inside("home"));
  vi.stubEnv("PATH", `${inside("bin")}:${process.env["PATH"]}`);
  fs.mkdirSync(inside("bin"));
  fs.mkdirSync(inside("source"));
  fs.writeFileSync(inside("source", "start"), "x");
  const hash = treeHash(inside("source"));
  release = { id: releaseId(hash, undefined), source: { path: inside("source"), hash } };
});
afterAll(() => {
  vi.unstubAllEnvs();
  fs.rmSync(directory, { recursive: true });
});
const pulumi = (text: string) =>
  fs.writeFileSync(inside("bin", "pulumi"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

it("are those that a stack runs; without one the image has none, and that is said", async () => {
  pulumi(`[ "$*" = "stack output releases --json --non-interactive --stack prod" ] &&
    echo '${JSON.stringify([release])}'`);
  expect(await runningReleases(progress, "prod")).toEqual([release]);
  pulumi("echo 'error: no stack selected' >&2; exit 255");
  expect(await runningReleases(progress)).toEqual([]);
  expect(said).toEqual([
    `With the releases of the web services: ${release.id}`,
    "Without the releases of web services: error: no stack selected",
  ]);
});

it("are where a node has them; nothing else of the image changes", async () => {
  const root = inside("root");
  fs.mkdirSync(path.join(root, "opt", "other"), { recursive: true });
  fs.chmodSync(root, 0o755);
  await addReleases(root, [], progress);
  expect(fs.readdirSync(path.join(root, "opt"))).toEqual(["other"]);
  await addReleases(root, [release], progress);
  const placed = path.join(root, releaseDirectory(release.id));
  expect(fs.readFileSync(path.join(placed, "start"), "utf8")).toBe("x");
  expect([fs.statSync(placed).gid, fs.statSync(root).mode & 0o777]).toEqual([33, 0o755]);
  expect(fs.readdirSync(path.join(root, "opt")).sort()).toEqual(["hpc-dashboard", "other"]);
});
