import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { checkModules } from "../../toolchain/build";
import { checkSum, reachable, releaseUrls } from "../../toolchain/download";
import { isAtLeast } from "../../toolchain/pulumi";
import { contentHash } from "../../lib/hash";
import { hpcHome } from "../../lib/home";
import { readVersions } from "../../toolchain/versions";
import { Commands, TSX } from "../support/program";

describe("versions", () => {
  it("are exact, and those that the Go modules are built from", () => {
    const versions = readVersions();
    for (const text of [versions.pulumi, versions.command, versions.random, versions.bridge]) {
      expect(text).toMatch(/^\d+\.\d+\.\d+$/);
    }
    const goMod = readFileSync("toolchain/go/go.mod", "utf8");
    checkModules(goMod, { "github.com/pulumi/pulumi/pkg/v3": versions.pulumi });
    expect(() => checkModules(goMod, { "github.com/pulumi/pulumi/pkg/v3": "3.0.1" })).toThrow(
      "github.com/pulumi/pulumi/pkg/v3 v3.0.1",
    );
  });

  it("accept the user's own CLI when it is not older and of the same major version", () => {
    expect(isAtLeast("v3.259.0", "3.259.0")).toBe(true);
    expect(isAtLeast("v3.260.1", "3.259.0")).toBe(true);
    expect(isAtLeast("v3.258.9", "3.259.0")).toBe(false);
    expect(isAtLeast("v4.0.0", "3.259.0")).toBe(false);
    expect(isAtLeast("3.259.1-dev.0", "3.259.0")).toBe(true);
    expect(isAtLeast("nonsense", "3.259.0")).toBe(false);
  });
});

describe("packages of the host", () => {
  const dir = new Commands();
  afterAll(dir.remove);

  it("has the keys of Debian's packages installed where they are missing, as on Ubuntu", async () => {
    dir.set(
      "dpkg-query",
      `shift 2; for name; do [ "$name" = debian-archive-keyring ] || echo "$name installed"; done`,
    );
    dir.set("apt-get", `echo "$@" >>"${dir.path("apt")}"`);
    const needs = `const { ensurePackages, LAB_NEEDS, MMDEBSTRAP } = require("./toolchain/host");`;
    for (const which of ["LAB_NEEDS", "MMDEBSTRAP"]) {
      const code = `${needs} ensurePackages(${which}, () => undefined)`;
      await execa("node", [...TSX, "-e", code], {
        env: { PATH: `${dir.path("bin")}:${process.env["PATH"]}` },
      });
    }
    const install = "install -y -q --no-install-recommends debian-archive-keyring\n";
    expect(readFileSync(dir.path("apt"), "utf8")).toBe(install.repeat(2));
  });
});

describe("the home directory", () => {
  const before = process.env["HPC_HA_HOME"];
  afterEach(() => {
    if (before === undefined) delete process.env["HPC_HA_HOME"];
    else process.env["HPC_HA_HOME"] = before;
  });

  it.each(["/root/.hpc-ha", "/srv/hpc_ha-1/@site+a=b", "/home/jürgen/labor"])(
    "may be %s",
    (home) => {
      process.env["HPC_HA_HOME"] = home;
      expect(hpcHome()).toBe(home);
    },
  );

  it.each(["/root/my lab", "/a:b", "/a,b", '/a"b', "/a$b", "/a%b", "/a&b", "lab"])(
    "is refused at once as '%s'",
    (home) => {
      process.env["HPC_HA_HOME"] = home;
      expect(hpcHome).toThrow(`HPC_HA_HOME = "${home}": must be an absolute path of letters`);
    },
  );
});

describe("content hash", () => {
  it("changes with names and content, not with time", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "hash-"));
    writeFileSync(path.join(dir, "a"), "1");
    const first = contentHash(dir);
    writeFileSync(path.join(dir, "a"), "1");
    expect(contentHash(dir)).toBe(first);
    writeFileSync(path.join(dir, "a"), "2");
    expect(contentHash(dir)).not.toBe(first);
  });
});

describe("vendor's download", () => {
  const content = Buffer.from("archive");
  // sha256sum of the text above.
  const sum = "0eb3e36bfb24dcd9bb1d1bece1531216b59539a8fde17ee80224af0653c92aa3";

  it("names a file and its checksums by version", () => {
    const { archive, checksums } = releaseUrls("3.1.2");
    expect(archive).toMatch(/\/v3\.1\.2\/pulumi-v3\.1\.2-\w+-(x64|arm64)\.tar\.gz$/);
    expect(checksums).toMatch(/\/v3\.1\.2\/pulumi-3\.1\.2-checksums\.txt$/);
  });

  it("is refused when it is damaged or has no published checksum", () => {
    expect(() => checkSum(content, `${sum}  other.tar.gz\n`, "a.tar.gz")).toThrow("No checksum");
    expect(() => checkSum(Buffer.from("x"), `${sum}  a.tar.gz\n`, "a.tar.gz")).toThrow("damaged");
    checkSum(content, `0000  b\n${sum} *a.tar.gz\n`, "a.tar.gz");
  });

  it("is known to be out of reach within seconds", async () => {
    const start = Date.now();
    expect(await reachable("http://127.0.0.1:9/none")).toBe(false);
    expect(Date.now() - start).toBeLessThan(5000);
  });
});
