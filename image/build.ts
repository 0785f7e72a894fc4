import { appendFileSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { IMAGE_MARK } from "../drivers/place";
import { SUITE } from "../lib/debian";
import { finish } from "./finish";

/** An image older than this is built anew, so that new machines start with security fixes, days. */
export const MAX_AGE_DAYS = 30;

/** Debian mirror; undefined: the distribution's own. */
export const debianMirror = (): string | undefined => process.env["HPC_HA_DEBIAN_MIRROR"];

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
