import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, expect, it } from "vitest";
import { seedSchema } from "../../programs/seed";

const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = path.join(dir, "sites", "seed.qcow2");
const request = { file, userData: "#cloud-config\n{}\n", metaData: "a: 1\n", networkConfig: "v" };
/** A cloud-localds that copies what it was given, and how. */
const FAKE = `#!/bin/sh
echo "$*" >"${dir}/arguments"
cat "$6" "$7" "$4" >"$5"
`;

/** Runs the program as Pulumi does. */
const run = (input: unknown, PATH = process.env["PATH"]) =>
  execa("node", ["--import", "tsx", "programs/seed.ts"], {
    input: JSON.stringify(input),
    env: { PATH },
    reject: false,
  });

it("writes the three files into an image that only its user can read", async () => {
  const bin = path.join(dir, "bin");
  await execa("sh", ["-c", `mkdir -p ${bin} && cat >${bin}/cloud-localds && chmod +x ${bin}/*`], {
    input: FAKE,
  });
  const { exitCode, stderr } = await run(request, `${bin}:${process.env["PATH"]}`);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect((await execa("cat", [file])).stdout).toBe("#cloud-config\n{}\na: 1\nv");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("says what to install where the program for it is missing", async () => {
  const only = path.join(dir, "only-node");
  await execa("sh", ["-c", `mkdir ${only} && ln -s ${process.execPath} ${only}/node`]);
  const { exitCode, stderr } = await run(request, only);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("`apt install cloud-image-utils`");
});

it("refuses what is no request, and names no value", async () => {
  const { exitCode, stderr } = await run({ ...request, file: "relative", secret: "s3cret" });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/file/);
  expect(stderr).not.toContain("s3cret");
  expect(seedSchema.safeParse(request).success).toBe(true);
});
