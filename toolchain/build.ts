import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { projectRoot } from "../lib/project";
import { type Versions } from "./versions";

/** Oldest Go that builds the modules; older ones cannot read their go.mod. */
const GO = "1.25";

/**
 * Builds programs of a Go module under toolchain/ into `directory`, which appears only when all are there.
 * @param programs file name -> package path
 * @param stamps linker variables -> text
 * @param instead what else helps where there is no Go. Default: nothing
 * @throws without Go, or with the end of the compiler's output
 */
export async function build(
  module: string,
  directory: string,
  programs: Record<string, string>,
  stamps: Record<string, string>,
  instead = "",
): Promise<void> {
  await checkGo(instead);
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const linker = ["-s -w", ...Object.entries(stamps).map(([k, v]) => `-X ${k}=${v}`)].join(" ");
  for (const [name, target] of Object.entries(programs)) {
    const args = ["build", "-trimpath", "-ldflags", linker, "-o", path.join(partial, name), target];
    const result = await execa("go", args, {
      cwd: path.join(projectRoot, module),
      env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" },
      all: true,
      reject: false,
    });
    if (result.failed) {
      const tail = (result.all ?? "").split("\n").slice(-12).join("\n");
      throw new Error(`${name} could not be built from ${module}:\n${tail}`);
    }
  }
  rmSync(directory, { recursive: true, force: true });
  renameSync(partial, directory);
}

/** For who needs Pulumi's own tools. */
const OR_PULUMI = ", or Pulumi from https://www.pulumi.com/docs/install,";

async function checkGo(instead: string): Promise<void> {
  const result = await execa("go", ["env", "GOVERSION"], { reject: false });
  const version = /^go(\d+)\.(\d+)/.exec(result.stdout ?? "");
  const [major = 0, minor = 0] = (version?.slice(1) ?? []).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = GO.split(".").map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(
    `The vendor's downloads cannot be reached, so they are built, and that needs Go ${GO} or newer ` +
      `(found: ${version?.[0] ?? "none"}): install it from https://go.dev/dl${instead} and run the same command again`,
  );
}

/**
 * Refuses to build other versions than the project states.
 * @param goMod text of a go.mod
 * @param wanted module path -> version without v
 */
export function checkModules(goMod: string, wanted: Record<string, string>): void {
  const faults = Object.entries(wanted).filter(
    ([module, version]) => !goMod.includes(`${module} v${version}\n`),
  );
  if (faults.length > 0) {
    const list = faults.map(([module, version]) => `${module} v${version}`).join(", ");
    throw new Error(`go.mod must require the versions that the project states: ${list}`);
  }
}

const pulumiModule = "toolchain/go";
const libvirtModule = "toolchain/go/libvirt";
const goModOf = (module: string) => readFileSync(path.join(projectRoot, module, "go.mod"), "utf8");

/** CLI, language host, and the stand-ins for the plugins that cannot be built from modules. */
export async function buildPulumi(versions: Versions, directory: string): Promise<void> {
  checkModules(goModOf(pulumiModule), {
    "github.com/pulumi/pulumi/pkg/v3": versions.pulumi,
    "github.com/pulumi/pulumi/sdk/v3": versions.pulumi,
  });
  await build(
    pulumiModule,
    directory,
    {
      pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      "pulumi-language-nodejs": "./pulumi-language-nodejs",
      "pulumi-resource-command": "./pulumi-resource-command",
      "pulumi-resource-random": "./pulumi-resource-random",
    },
    {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${versions.pulumi}`,
      "hpc-ha/toolchain/pulumi-resource-command/local.Version": versions.command,
      "hpc-ha/toolchain/pulumi-resource-random/random.Version": versions.random,
    },
    OR_PULUMI,
  );
}

/** The libvirt provider and the bridge to it. */
export async function buildLibvirt(versions: Versions, directory: string): Promise<void> {
  checkModules(goModOf(libvirtModule), {
    "github.com/dmacvicar/terraform-provider-libvirt": versions.libvirt,
  });
  const bridge = "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic";
  await build(
    libvirtModule,
    directory,
    {
      "terraform-provider-libvirt": "github.com/dmacvicar/terraform-provider-libvirt",
      "pulumi-resource-terraform-provider": bridge,
    },
    { [`${bridge}/version.version`]: versions.bridge },
    OR_PULUMI,
  );
}
