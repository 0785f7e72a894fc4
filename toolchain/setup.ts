import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hpcHome } from "../lib/home";
import { buildLibvirt, buildPulumi } from "./build";
import { downloadPulumi, reachable, releaseUrls } from "./download";
import { type Progress, step } from "../lib/progress";
import { generateSdk, sdkIsPresent } from "./sdk";
import { projectRoot } from "../lib/project";
import { contentHash } from "../lib/hash";
import { readVersions, type Versions } from "./versions";

/** Everything that set-up leaves, by place. */
interface Places {
  home: string;
  /** Pulumi's own directory: plugins and workspaces. */
  pulumiHome: string;
  /** Directory with the programs of the CLI; undefined when the user's own is used. */
  pulumi: string;
  libvirt: string;
  ansible: string;
}

/**
 * Makes sure that all tools work: the CLI and its language host, the plugins, the generated SDK, Ansible, an
 * ssh key, and `env.sh`, which a shell sources to type plain `pulumi …`; this process and its children use
 * the same variables from then on. What is there is kept; a second run only looks.
 * @throws with what is missing and how to get it
 */
export async function ensureToolchain(progress: Progress): Promise<void> {
  const versions = readVersions();
  const home = hpcHome();
  const go = path.join(projectRoot, "toolchain", "go");
  const tools = path.join(home, "tools");
  const requirements = path.join(projectRoot, "toolchain", "requirements.txt");
  const collections = path.join(projectRoot, "toolchain", "install-collections.py");
  const places: Places = {
    home,
    pulumiHome: path.join(home, "pulumi"),
    pulumi: path.join(tools, `pulumi-${contentHash(go)}`),
    libvirt: path.join(tools, `libvirt-${contentHash(path.join(go, "libvirt"))}`),
    ansible: path.join(tools, `ansible-${contentHash(requirements, collections)}`),
  };
  fs.mkdirSync(tools, { recursive: true, mode: 0o755 });
  const bin = await ensurePulumi(versions, places, progress);
  if (!fs.existsSync(places.ansible)) {
    await step("Ansible in a virtual environment", progress, () =>
      installAnsible(places.ansible, requirements, collections),
    );
  }
  ensureSecrets(home);
  await ensureSshKey(path.join(home, "ssh", "id_ed25519"));
  useEnvironment(places, bin);
  if (!sdkIsPresent()) {
    await step("SDK of the libvirt provider", progress, () => generateSdk(versions));
  }
}

/** Returns the directory of the CLI, or undefined when the user's own is on the PATH. */
async function ensurePulumi(versions: Versions, places: Places, progress: Progress) {
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

async function installAnsible(
  directory: string,
  requirements: string,
  collections: string,
): Promise<void> {
  const partial = `${directory}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  // Python's virtual environments cannot be moved, so the finished mark is what is moved into place.
  const venv = `${directory}-venv`;
  fs.rmSync(venv, { recursive: true, force: true });
  await execa("python3", ["-m", "venv", venv]);
  await execa(path.join(venv, "bin", "pip"), ["install", "--quiet", "-r", requirements]);
  await execa(path.join(venv, "bin", "python"), [collections]);
  fs.symlinkSync(path.basename(venv), partial);
  fs.renameSync(partial, directory);
}

/** The passphrase by which stacks of the local backend are encrypted. */
function ensureSecrets(home: string): void {
  const file = path.join(home, "passphrase");
  if (fs.existsSync(file)) return;
  fs.writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
}

/** The key that logs in to the machines as root. */
async function ensureSshKey(file: string): Promise<void> {
  if (fs.existsSync(`${file}.pub`)) return;
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.rmSync(file, { force: true });
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "hpc-ha", "-f", file]);
}

/** Writes `env.sh` and takes its variables over. What the user has set for state and secrets stays. */
function useEnvironment(places: Places, bin: string | undefined): void {
  const lib = path.join(places.ansible, "lib");
  const python = fs.readdirSync(lib).find((name) => name.startsWith("python")) ?? "";
  const dirs = [...(bin === undefined ? [] : [bin]), path.join(places.ansible, "bin")];
  const state = path.join(places.home, "state");
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  const fixed = {
    PULUMI_HOME: places.pulumiHome,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Types are checked by `npm test`; checking them at every `pulumi` command costs seconds.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    // The local backend's secrets belong to this machine: their salt is not for the stack's config file.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    HPC_HA_MITOGEN: path.join(lib, python, "site-packages/ansible_mitogen/plugins/strategy"),
  };
  const backend = `file://${state}`;
  const passphrase = path.join(places.home, "passphrase");
  const text = [
    "# Written by `npm run setup`. Source it to use pulumi and ansible-playbook in this project.",
    // Sourcing it twice changes nothing.
    ...dirs.map((d) => `case ":$PATH:" in *":${d}:"*) ;; *) PATH="${d}:$PATH" ;; esac`),
    "export PATH",
    ...Object.entries(fixed).map(([name, value]) => `export ${name}="${value}"`),
    `export PULUMI_BACKEND_URL="\${PULUMI_BACKEND_URL:-${backend}}"`,
    `if [ -z "\${PULUMI_CONFIG_PASSPHRASE+x}\${PULUMI_CONFIG_PASSPHRASE_FILE+x}" ]; then`,
    `  export PULUMI_CONFIG_PASSPHRASE_FILE="${passphrase}"`,
    "fi",
    "",
  ].join("\n");
  const file = path.join(places.home, "env.sh");
  if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) {
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  }
  const env = process.env;
  env["PATH"] = [...dirs, env["PATH"] ?? ""].join(path.delimiter);
  Object.assign(env, fixed);
  env["PULUMI_BACKEND_URL"] ??= backend;
  if (env["PULUMI_CONFIG_PASSPHRASE"] === undefined) {
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] ??= passphrase;
  }
}

if (require.main === module) {
  const start = Date.now();
  ensureToolchain((text) => console.log(text)).then(
    () => {
      console.log(
        `Tools ready (${((Date.now() - start) / 1000).toFixed(1)} s). To type plain \`pulumi …\`: . ${path.join(hpcHome(), "env.sh")}`,
      );
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
