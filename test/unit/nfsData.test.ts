/** What makes the file system of the state share: the real program, on a file in place of the volume. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(directory, { recursive: true }));
const volume = path.join(directory, "volume");
const SIZE = 4 << 20;
beforeEach(() => {
  rmSync(volume, { force: true });
  writeFileSync(volume, "");
  truncateSync(volume, SIZE);
});
const run = (...words: string[]) =>
  execa("sh", [path.join(projectRoot, "ansible/roles/share/files/nfs-data"), volume, ...words]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

it("makes one on a blank volume, once, and keeps it", async () => {
  const [made, uuid = ""] = (await run()).stdout.split("\n");
  expect(made).toBe("made");
  expect(uuid).toMatch(UUID);
  for (const words of [[], ["look"]]) expect((await run(...words)).stdout).toBe(`kept\n${uuid}`);
});

it("only looks where it is told to", async () => {
  expect((await run("look")).stdout).toBe("made");
  expect(readFileSync(volume).equals(Buffer.alloc(SIZE))).toBe(true);
});

it("never formats what has anything on it", async () => {
  writeFileSync(volume, "somebody's data", { flag: "r+" });
  for (const words of [[], ["look"]]) {
    await expect(run(...words)).rejects.toMatchObject({
      stderr: `${volume} is not blank and has no file system: nothing was done to it`,
    });
  }
  expect(readFileSync(volume, "utf8").startsWith("somebody's data")).toBe(true);
});
