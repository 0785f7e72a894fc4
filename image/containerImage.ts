import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import { machinePackages } from "../components/house";
import { imageOf, type SlurmPackagesName } from "../components/slurm/packages";
import { hpcHome } from "../lib/home";
import type { Progress } from "../lib/progress";
import { build, debianMirror, isFresh, MAX_AGE_DAYS } from "./build";
import { slurmId, withSlurm } from "./slurmPackages";

/**
 * Makes sure that the link of these machines in `<home>/images` points at a root file system built from the present list
 * and not too old; builds it with mmdebstrap otherwise. Older ones that machines still run on are kept.
 * @param slurm which Slurm they have @param days how old it may be
 * @throws when the build fails, with the path of its log
 */
export async function ensureImage(
  progress: Progress,
  slurm: SlurmPackagesName,
  days = MAX_AGE_DAYS,
): Promise<void> {
  const packages = machinePackages({ slurm: { packages: slurm } });
  const recipe = ["finish.ts", "write.ts"]
    .map((file) => readFileSync(path.join(__dirname, file), "utf8"))
    .join("");
  const key = createHash("sha256")
    .update(packages.join())
    .update(recipe)
    .update(slurmId(slurm))
    .digest("hex")
    .slice(0, 12);
  const images = path.join(hpcHome(), "images");
  mkdirSync(images, { recursive: true, mode: 0o755 });
  const current = readdirSync(images)
    .filter((n) => n.startsWith(`rootfs-${key}-`) && !/\.(partial|log)$/.test(n))
    .find((n) => isFresh(path.join(images, n), days));
  const name = current ?? `rootfs-${key}-${new Date().toISOString().slice(0, 10)}`;
  if (current === undefined) {
    const more = await withSlurm(packages, slurm, progress);
    progress("machine image: installing packages, about a minute");
    await build(path.join(images, name), more.packages, debianMirror(), more);
  }
  const link = path.join(images, imageOf(slurm));
  rmSync(`${link}.new`, { force: true });
  symlinkSync(name, `${link}.new`);
  renameSync(`${link}.new`, link);
  progress(`machine image: ${name}`);
}
