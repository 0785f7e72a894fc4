import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hpcHome } from "../lib/home";
import { type Progress, step } from "../lib/progress";
import { buildLibvirt, buildPulumi } from "./build";
import { downloadPulumi, reachable, releaseUrls } from "./download";
import type { Versions } from "./versions";

/** Everything that set-up leaves, by place. */
export interface Places {
  home: string;
  /** Pulumi's own directory: plugins and workspaces. */
  pulumiHome: string;
  /** Directory with the programs of the CLI; undefined when the user's own is used. */
  pulumi: string;
  libvirt: string;
  ansible: string;
}

/** Returns the directory of the CLI, or undefined when the user's own is on the PATH. */
export async function ensurePulumi(versions: Versions, places: Places, progress: Progress) {
  const marker = path.join(places.pulumiHome, `tools-${path.basename(places.pulumi)}`);
  const bin = (await usersPulumi(versions.pulumi)) ? undefined : path.join(places.pulumi, "bin");
  const plugins = [
    ["command", versions.command],
    ["random", versions.random],
    ["terraform-provider", versions.bridge],
  ] as const;
  const pluginDir = (name: string, version: string) =>
    path.join(places.pulumiHome, "plugins", `resource-${name}-v${version}`);
  const complete =
    fs.existsSync(marker) &&
    (bin === undefined || fs.existsSync(path.join(bin, "pulumi"))) &&
    plugins.every(([name, version]) => fs.existsSync(pluginDir(name, version)));
  if (complete) return bin;

  const urls = releaseUrls(versions.pulumi);
  const online = await step("Looking for the vendor's downloads", progress, () =>
    reachable(urls.checksums),
  );
  progress(online ? "  they can be had" : "  out of reach: the tools are built from Go modules");
  let official = online;
  if (online) {
    try {
      if (bin !== undefined) {
        await step("Pulumi CLI, download", progress, () => downloadPulumi(urls, places.pulumi));
      }
      for (const [name, version] of plugins) {
        await step(`Plugin ${name} ${version}, download`, progress, () =>
          execa(
            bin === undefined ? "pulumi" : path.join(bin, "pulumi"),
            ["plugin", "install", "resource", name, version],
            { env: { PULUMI_HOME: places.pulumiHome } },
          ),
        );
      }
    } catch (error) {
      progress(`  not all could be had: ${(error as Error).message.split("\n")[0] ?? ""}`);
      official = false;
    }
  }
  if (!official) await buildAll(versions, places, bin, pluginDir, progress);
  fs.mkdirSync(places.pulumiHome, { recursive: true });
  fs.writeFileSync(marker, "");
  return bin;
}

/** Builds what there is no download for, and puts it where Pulumi looks. */
async function buildAll(
  versions: Versions,
  places: Places,
  bin: string | undefined,
  pluginDir: (name: string, version: string) => string,
  progress: Progress,
): Promise<void> {
  const built = `${places.pulumi}-built`;
  if (!fs.existsSync(built)) {
    await step("Pulumi CLI, language host and plugins, about 4 minutes", progress, () =>
      buildPulumi(versions, built),
    );
  }
  if (!fs.existsSync(places.libvirt)) {
    await step("Libvirt provider and its bridge, about 4 minutes", progress, () =>
      buildLibvirt(versions, places.libvirt),
    );
  }
  const install = (from: string, to: string) => {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.rmSync(to, { force: true });
    fs.linkSync(from, to);
  };
  if (bin !== undefined) {
    for (const name of ["pulumi", "pulumi-language-nodejs"]) {
      install(path.join(built, name), path.join(bin, name));
    }
    fs.writeFileSync(
      path.join(bin, "pulumi-resource-pulumi-nodejs"),
      '#!/bin/sh\nexec node ./node_modules/@pulumi/pulumi/cmd/dynamic-provider "$@"\n',
      { mode: 0o755 },
    );
  }
  const plugin = (directory: string, name: string, version: string) =>
    install(
      path.join(directory, `pulumi-resource-${name}`),
      path.join(pluginDir(name, version), `pulumi-resource-${name}`),
    );
  plugin(built, "command", versions.command);
  plugin(built, "random", versions.random);
  plugin(places.libvirt, "terraform-provider", versions.bridge);
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const provider = `terraform-provider-libvirt_v${versions.libvirt}`;
  install(
    path.join(places.libvirt, "terraform-provider-libvirt"),
    path.join(
      places.pulumiHome,
      "dynamic_tf_plugins",
      versions.libvirtSource,
      versions.libvirt,
      `linux_${arch}`,
      provider,
    ),
  );
}

/** Whether the user's own CLI is there, with a Node language host, and not older than the SDK. */
async function usersPulumi(wanted: string): Promise<boolean> {
  const own = hpcHome();
  const PATH = (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((dir) => !dir.startsWith(own))
    .join(path.delimiter);
  const exists = (name: string) =>
    PATH.split(path.delimiter).some((dir) => fs.existsSync(path.join(dir, name)));
  if (!exists("pulumi") || !exists("pulumi-language-nodejs")) return false;
  const result = await execa("pulumi", ["version"], {
    env: { PATH, PULUMI_SKIP_UPDATE_CHECK: "true" },
    reject: false,
  });
  return !result.failed && isAtLeast(result.stdout, wanted);
}

/** Whether a version like v3.259.1 is of the same major version and not older than another. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string) => (/(\d+)\.(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [a = 0, b = 0, c = 0] = numbers(version);
  const [x = 0, y = 0, z = 0] = numbers(wanted);
  return a === x && (b > y || (b === y && c >= z));
}
