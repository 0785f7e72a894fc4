import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { contentHash } from "../lib/hash";
import { hpcHome } from "../lib/home";
import { type Progress, step } from "../lib/progress";
import { projectRoot } from "../lib/project";
import { useEnvironment } from "./environment";
import { ensurePulumi } from "./pulumi";
import { generateSdk, sdkIsPresent } from "./sdk";
import { ensureVenv, toolsDirectory } from "./venv";
import { readVersions } from "./versions";

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
  const tools = toolsDirectory();
  fs.mkdirSync(tools, { recursive: true, mode: 0o755 });
  const own = path.join(projectRoot, "toolchain");
  const places = {
    home,
    pulumiHome: path.join(home, "pulumi"),
    pulumi: path.join(tools, `pulumi-${contentHash(go)}`),
    libvirt: path.join(tools, `libvirt-${contentHash(path.join(go, "libvirt"))}`),
    ansible: await ensureVenv("ansible", "Ansible", progress, {
      requirements: path.join(own, "requirements.txt"),
      program: path.join(own, "install-collections.py"),
    }),
  };
  const bin = await ensurePulumi(versions, places, progress);
  ensureSecrets(home);
  await ensureSshKey(path.join(home, "ssh", "id_ed25519"));
  useEnvironment(places, bin);
  if (!sdkIsPresent()) {
    await step("SDK of the libvirt provider", progress, () => generateSdk(versions));
  }
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
