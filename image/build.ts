import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { machinePackages } from "../components/house";
import { IMAGE_MARK } from "../drivers/place";
import { SUITE } from "../lib/debian";
import { hpcHome } from "../lib/home";
import { finish } from "./finish";

/** An image older than this is built anew, so that new machines start with security fixes, days. */
export const MAX_AGE_DAYS = 30;

/**
 * Makes sure that `<home>/images/rootfs` points at a root file system built from the present list and
 * not too old; builds it with mmdebstrap otherwise. Older ones that machines still run on are kept.
 * @param mirror Debian mirror; default is the distribution's own (`HPC_HA_DEBIAN_MIRROR`)
 * @param days how old it may be
 * @throws when the build fails, with the path of its log
 */
export async function ensureImage(
  progress: (text: string) => void,
  mirror = process.env["HPC_HA_DEBIAN_MIRROR"],
  days = MAX_AGE_DAYS,
): Promise<void> {
  const packages = machinePackages();
  const recipe = ["finish.ts", "write.ts"]
    .map((file) => readFileSync(path.join(__dirname, file), "utf8"))
    .join("");
  const key = createHash("sha256")
    .update(packages.join())
    .update(recipe)
    .digest("hex")
    .slice(0, 12);
  const images = path.join(hpcHome(), "images");
  mkdirSync(images, { recursive: true, mode: 0o755 });
  const current = readdirSync(images)
    .filter((n) => n.startsWith(`rootfs-${key}-`) && !/\.(partial|log)$/.test(n))
    .find((n) => isFresh(path.join(images, n), days));
  const name = current ?? `rootfs-${key}-${new Date().toISOString().slice(0, 10)}`;
  if (current === undefined) {
    progress("machine image: installing packages, about a minute");
    await build(path.join(images, name), packages, mirror);
  }
  const link = path.join(images, "rootfs");
  rmSync(`${link}.new`, { force: true });
  symlinkSync(name, `${link}.new`);
  renameSync(`${link}.new`, link);
  progress(`machine image: ${name}`);
}

/** Whether an image is there and not too old, by the age of the mark that the build leaves in it. */
export const isFresh = (dir: string, days = MAX_AGE_DAYS): boolean =>
  existsSync(dir) && Date.now() - statSync(path.join(dir, IMAGE_MARK)).mtimeMs < days * 864e5;

/**
 * Installs packages as a root file system.
 * @param more.units further units that start by themselves; @param more.mmdebstrap further arguments of it
 * @param more.finish what is done to it at the end. Default: what makes a machine's image of it
 */
export async function build(
  target: string,
  packages: string[],
  mirror: string | undefined,
  more: {
    units?: string[];
    mmdebstrap?: string[];
    finish?: (root: string) => void | Promise<void>;
  } = {},
): Promise<void> {
  const partial = `${target}.partial`;
  const log = `${target}.log`;
  rmSync(partial, { recursive: true, force: true });
  const args = [
    "--variant=minbase",
    `--include=${packages.join(",")}`,
    "--aptopt=Apt::Install-Recommends false",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--format=directory",
    ...(more.mmdebstrap ?? []),
    SUITE,
    partial,
    ...(mirror === undefined ? [] : [mirror]),
  ];
  const result = await execa("mmdebstrap", args, { all: true, reject: false });
  writeFileSync(log, result.all ?? "");
  if (result.failed) {
    rmSync(partial, { recursive: true, force: true });
    const tail = (result.all ?? "mmdebstrap could not be started: is it installed?")
      .split("\n")
      .slice(-8)
      .join("\n");
    throw new Error(`The image could not be built (log: ${log}):\n${tail}`);
  }
  try {
    await (more.finish ?? ((root) => finish(root, more.units)))(partial);
  } catch (error) {
    appendFileSync(log, String(error));
    throw error;
  }
  writeFileSync(path.join(partial, IMAGE_MARK), `${path.basename(target)}\n`);
  if (existsSync(target)) rmSync(target, { recursive: true });
  renameSync(partial, target);
  rmSync(log);
}

if (require.main === module) {
  ensureImage((text) => console.log(text)).catch((error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  });
}
