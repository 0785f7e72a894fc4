import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { renderUnit, unitName } from "../../../autoscaler/launch/unit";

const settings = {
  stack: "prod",
  projectRoot: "/usr",
  home: "/var/lib/hpc-ha",
  user: "root",
  writes: ["/var/lib/state"],
  environment: { PULUMI_BACKEND_URL: "file:///var/lib/state" },
  mountsHere: false,
};

it("is a unit that systemd takes", () => {
  const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  try {
    const file = path.join(directory, unitName("prod"));
    fs.writeFileSync(file, renderUnit(settings));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    // What it says of other units is theirs.
    const own = stderr.split("\n").filter((line) => line.includes(unitName("prod")));
    expect([status, own]).toEqual([0, []]);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

it("lets an update go on when the service ends, and writes where it must only", () => {
  const text = renderUnit(settings);
  expect(text).toContain("\nKillMode=process\n");
  expect(text).toContain(
    "\nProtectSystem=strict\nReadWritePaths=/usr /var/lib/hpc-ha /var/lib/state\n",
  );
});

it("has no file system of its own where machines are mounts of this host", () => {
  expect(renderUnit({ ...settings, mountsHere: true })).not.toMatch(/^(Protect|Private)/m);
});
