import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import {
  imageUnitNames,
  renderImageUnits,
  renderUnit,
  unitName,
} from "../../../autoscaler/launch/unit";

const settings = {
  stack: "prod",
  projectRoot: "/usr",
  home: "/var/lib/hpc-ha",
  user: "root",
  writes: ["/var/lib/state"],
  environment: { PULUMI_BACKEND_URL: "file:///var/lib/state" },
  mountsHere: false,
};

const image = imageUnitNames("prod");
const images = renderImageUnits(settings, 7);

it("they are units that systemd takes", () => {
  const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  try {
    const units = {
      [unitName("prod")]: renderUnit(settings),
      [image.service]: images.service,
      [image.timer]: images.timer,
    };
    const files = Object.entries(units).map(([name, text]) => {
      const file = path.join(directory, name);
      fs.writeFileSync(file, text);
      return file;
    });
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...files], {
      encoding: "utf8",
    });
    // What it says of other units is theirs.
    const own = stderr.split("\n").filter((line) => line.includes("hpc-ha-"));
    expect([status, own]).toEqual([0, []]);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

it("the image's timer starts its service of the same name, for the driver's kind of image", () => {
  expect(image.timer.replace(/timer$/, "service")).toBe(image.service);
  expect(images.service).toContain(" image/refresh.ts prod 7 vm\n");
  expect(renderImageUnits({ ...settings, user: "ann" }, 7).service).toContain("\nUser=root\n");
  expect(renderImageUnits({ ...settings, mountsHere: true }, 30).service).toContain(
    " image/refresh.ts prod 30 container\n",
  );
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
