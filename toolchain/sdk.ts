import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { projectRoot } from "../lib/project";
import { contentHash } from "../lib/hash";
import type { Versions } from "./versions";

/** Where Pulumi expects generated SDKs in a project; not committed. */
const sdk = path.join(projectRoot, "sdks", "libvirt");
/** How the program imports it: `@pulumi/libvirt`. npm removes it at every install. */
const link = path.join(projectRoot, "node_modules", "@pulumi", "libvirt");
const stamp = path.join(sdk, ".stated-by");

const statedBy = () => contentHash(path.join(projectRoot, "Pulumi.yaml"));

/** Whether the SDK is there, belongs to the versions that Pulumi.yaml states, and can be imported. */
export function sdkIsPresent(): boolean {
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== statedBy()) return false;
  // The link is cheap, so it is put back here rather than generating all again.
  linkSdk();
  return true;
}

/** Generates `@pulumi/libvirt` from the provider's schema, compiles and links it. */
export async function generateSdk(versions: Versions): Promise<void> {
  const out = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-sdk-"));
  try {
    await execa(
      "pulumi",
      [
        "package",
        "gen-sdk",
        `terraform-provider@${versions.bridge}`,
        "--language=nodejs",
        "--local",
        `--out=${out}`,
        versions.libvirtSource,
        versions.libvirt,
      ],
      { cwd: tmpdir() },
    );
    fs.rmSync(sdk, { recursive: true, force: true });
    fs.mkdirSync(path.dirname(sdk), { recursive: true });
    fs.cpSync(path.join(out, "nodejs"), sdk, { recursive: true });
  } finally {
    fs.rmSync(out, { recursive: true, force: true });
  }
  linkSdk();
  await execa(path.join(projectRoot, "node_modules", ".bin", "tsc"), ["-p", "."], { cwd: sdk });
  fs.copyFileSync(path.join(sdk, "package.json"), path.join(sdk, "bin", "package.json"));
  fs.writeFileSync(stamp, statedBy());
}

function linkSdk(): void {
  const target = path.relative(path.dirname(link), sdk);
  try {
    if (fs.readlinkSync(link) === target) return;
  } catch {
    // Not there, or not a link.
  }
  fs.rmSync(link, { recursive: true, force: true });
  fs.symlinkSync(target, link);
}
