import { chmodSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

const unit = readFileSync(
  path.join(projectRoot, "ansible/roles/compute/files/slurmd.service"),
  "utf8",
);

/** What is left of the directories' content when slurmd starts. @param running whether jobs run */
async function leftAtStart(running: boolean): Promise<string[]> {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-slurmd-"));
  const files = ["stepd.slurm.pmix.3.0", "pmix.3.0", "spmix_appdir_0_3.0", "cred_state"];
  for (const file of files) writeFileSync(path.join(dir, file), "");
  writeFileSync(path.join(dir, "pgrep"), `#!/bin/sh\nexit ${running ? 0 : 1}\n`);
  chmodSync(path.join(dir, "pgrep"), 0o755);
  const script = /^ExecStartPre=\/bin\/sh -c '(.*)'$/m.exec(unit)?.[1] ?? "";
  const here = script.replace("/tmp", dir).replace("/var/lib/slurm/slurmd", dir);
  await execa("sh", ["-c", here], { env: { PATH: `${dir}:${process.env["PATH"]}` } });
  return readdirSync(dir)
    .filter((file) => file !== "pgrep")
    .sort();
}

describe("a start of slurmd", () => {
  it("removes what dead steps left in the way of requeued ones, and nothing else", async () => {
    expect(await leftAtStart(false)).toEqual(["cred_state"]);
  });

  it("leaves the steps alone that run", async () => {
    expect(await leftAtStart(true)).toHaveLength(4);
  });
});

describe("slurmd", () => {
  const check = [...unit.matchAll(/^ExecStartPre=\/bin\/sh -c '(.*)'$/gm)][1]?.[1] ?? "";
  const start = (mounts: string) =>
    execa("sh", ["-c", check.replaceAll("$$", "$")], {
      env: { SLURMD_MOUNTS: mounts },
      reject: false,
    });

  it("starts when its mounts are there", async () => {
    expect((await start("")).exitCode).toBe(0);
    expect((await start("/proc /")).exitCode).toBe(0);
  });

  it("does not start before, and says which is missing", async () => {
    const { exitCode, stderr } = await start("/proc /pro /");
    expect([exitCode, stderr]).toEqual([1, "/pro is not mounted"]);
  });
});
