import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { machinePackages } from "../../components/house";
import { besideSlurmConf } from "../../components/slurm/files";
import { nodePackages, packagesOf, type SlurmSource } from "../../components/slurm/packages";
import { rest, restVars } from "../../components/slurm/rest";
import { slurmIn } from "../../image/slurmOf";
import { buildProgram, slurmHooks, slurmId } from "../../image/slurmPackages";
import { configOf } from "../support/referenceSite";
import { parsed } from "../support/site";

const site = (slurm: object) => parsed({ ...configOf("prod"), slurm });

describe("slurm.packages", () => {
  it("is Debian's unless the site says another; YAML's number is one", () => {
    expect(site({}).slurm.packages).toBe("debian");
    expect(site({ packages: "24.11" }).slurm.packages).toBe("24.11");
    expect(site({ packages: 24.11 }).slurm.packages).toBe("24.11");
    const message = /slurm.packages = "22.05": .*"debian"\|"24.11"/;
    expect(() => site({ packages: "22.05" })).toThrow(message);
  });

  it("says what an image has: packages of one Slurm, and all else alike", () => {
    const [debian, newer] = (["debian", "24.11"] as const).map((packages) =>
      machinePackages({ slurm: { packages } }),
    );
    const isSlurm = (name: string) => /slurm/.test(name);
    const [of22, of24] = [debian, newer].map((all) => all?.filter(isSlurm));
    expect(of22).toEqual([
      ...["libpam-slurm-adopt", "slurm-client", "slurm-wlm-jwt-plugin"],
      ...["slurmctld", "slurmd", "slurmdbd", "slurmrestd"],
    ]);
    expect(of24?.filter((name) => !name.startsWith("slurm-smd"))).toEqual([]);
    const others = (all?: string[]) => all?.filter((name) => !isSlurm(name));
    expect(others(newer)).toEqual(others(debian));
  });

  it("says what is beside slurm.conf where nodes have no control groups", () => {
    const names = (slurm: object) => Object.keys(besideSlurmConf(site(slurm).slurm));
    const none = { proctrack: "proctrack/linuxproc" };
    expect(names({ ...none })).not.toContain("cgroup.conf");
    const { "cgroup.conf": text = "" } = besideSlurmConf(
      site({ ...none, packages: "24.11" }).slurm,
    );
    expect(Buffer.from(text, "base64").toString()).toBe("CgroupPlugin=disabled\n");
    const usual = [{}, { packages: "24.11" }].map((slurm) => besideSlurmConf(site(slurm).slurm));
    expect(usual[0]).toEqual(usual[1]);
  });

  it("says which API slurmrestd serves", () => {
    const vars = restVars(rest.parse({ enabled: true }), "24.11", site({}).ports, {
      jwt: "key",
      portal: "",
    });
    expect(vars["slurm_rest"]).toMatchObject({
      options: "-s openapi/slurmctld,openapi/slurmdbd -d v0.0.42",
    });
  });

  it("says what machines of hosts need", () => {
    expect(nodePackages("22.05")).toBe(
      "munge, libpmix2 and slurmd, slurm-client, libpam-slurm-adopt (Debian's)",
    );
    expect(nodePackages("24.11")).toContain(
      "slurm-smd-slurmd, slurm-smd-libpam-slurm-adopt (built",
    );
    expect(nodePackages("25.05")).toBe("munge and slurmd of Slurm 25.05");
  });

  it.each([
    ["config: {hpc-ha:slurm: {packages: '24.11', mail: {password: {secure: v1}}}}", "24.11"],
    ["config: {hpc-ha:slurm: '{packages: 24.11}'}", "24.11"],
    ["config: {hpc-ha:slurm: {packages: nonsense}}", "debian"],
    ["config: {hpc-ha:slurm: {}}", "debian"],
    ["config: {}", "debian"],
    ["", "debian"],
  ])("is read from a stack's file: %s", (text, slurm) => {
    expect(slurmIn(text)).toBe(slurm);
  });
});

describe("mmdebstrap", () => {
  it("installs the packages that were built, by the version that there is, and makes Slurm's user", () => {
    const files = ["slurm-smd_24.11.5-1_amd64.deb", "slurm-smd-client_24.11.5-1_amd64.deb"];
    const hooks = slurmHooks("/cache", files, ["slurm-smd-client", "slurm-smd"]);
    expect(hooks[1]).toBe(
      `--customize-hook=copy-in /cache/${files[1]} /cache/${files[0]} /slurm-packages`,
    );
    expect(hooks[2]).toMatch(
      /apt-get install --yes \/slurm-packages\/slurm-smd-client_24.11.5-1_amd64.deb /,
    );
    expect(hooks.join("\n")).toMatch(/groupadd .*64030 slurm\n.*useradd .*--uid 64030/);
    expect(() => slurmHooks("/cache", files, ["slurm-smd-slurmd"])).toThrow(
      "/cache does not have package slurm-smd-slurmd",
    );
  });
});

describe("the build of Slurm", () => {
  const root = fs.mkdtempSync(path.join(tmpdir(), "slurm-build-"));
  afterAll(() => fs.rmSync(root, { recursive: true }));
  const { built } = packagesOf("24.11");
  if (!built) throw new Error("nothing is built");
  const bin = path.join(root, "bin");
  fs.mkdirSync(bin);
  const program = (name: string, text: string) =>
    fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
  // The archive's tarball.
  fs.mkdirSync(path.join(root, "slurm"));
  fs.writeFileSync(path.join(root, "slurm/configure"), "");
  const tarball = path.join(root, "archive.tar.gz");
  execFileSync("tar", ["-czf", tarball, "-C", root, "slurm"]);
  program("dpkg-buildpackage", "ls; echo $DEB_BUILD_OPTIONS; touch ../slurm-smd_1.deb");
  const run = (source: Partial<SlurmSource>, brings: string) => {
    program("apt-get", `case "$*" in *source*) cp ${tarball} ${brings} ;; esac`);
    const cwd = fs.mkdtempSync(path.join(root, "tree-"));
    const done = spawnSync("sh", ["-c", buildProgram({ ...built, ...source })], {
      cwd,
      encoding: "utf8",
      env: { PATH: `${bin}:${process.env["PATH"]}` },
    });
    return { ...done, files: fs.readdirSync(cwd) };
  };
  const sha256 = createHash("sha256").update(fs.readFileSync(tarball)).digest("hex");
  const name = `slurm-wlm_${built.version}.orig.tar.gz`;

  it("makes packages of the tarball that is known", () => {
    const { status, stdout, files } = run({ sha256 }, name);
    expect(status).toBe(0);
    expect(stdout).toMatch(/configure\nparallel=\d+ nocheck/);
    expect(files).toContain("slurm-smd_1.deb");
  });

  it("does not run another one, nor one of another version, and says which there is", () => {
    const other = run({}, name);
    expect([other.status, other.stdout]).toEqual([1, expect.stringContaining("FAILED")]);
    expect(other.files).not.toContain("source");
    const newer = run({ sha256 }, "slurm-wlm_25.05.0.orig.tar.gz");
    expect(newer.status).toBe(1);
    expect(newer.stderr).toContain("slurm-wlm is slurm-wlm_25.05.0.orig.tar.gz by now");
  });

  it("is another one with another recipe, and Debian's needs none", () => {
    expect(slurmId("debian")).toBe("");
    expect(slurmId("24.11")).toMatch(/^[0-9a-f]{12}$/);
  });
});
