import { mkdirSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { hpcHome } from "../lib/home";
import { type Progress, step } from "../lib/progress";
import { BUILD_PACKAGES, RECIPE } from "../releases/environment";
import { ensurePackages, MMDEBSTRAP } from "../toolchain/host";
import { build, debianMirror, isFresh } from "./build";

/**
 * Makes sure that there is a root file system in which releases are built: the machines' Debian with what builds need,
 * and not too old. It is made when the first release is built, and takes about a minute then.
 * @returns its directory
 * @throws when it cannot be made, with the path of its log
 */
async function ensureBuildEnvironment(progress: Progress): Promise<string> {
  const images = path.join(hpcHome(), "images");
  mkdirSync(images, { recursive: true, mode: 0o755 });
  const all = readdirSync(images).filter((name) => /^build-[0-9a-f]+-[0-9-]+$/.test(name));
  const present = all.find(
    (n) => n.startsWith(`build-${RECIPE}-`) && isFresh(path.join(images, n)),
  );
  if (present !== undefined) return path.join(images, present);
  await ensurePackages(MMDEBSTRAP, progress);
  const target = path.join(images, `build-${RECIPE}-${new Date().toISOString().slice(0, 10)}`);
  await step("Environment in which releases are built, a minute", progress, () =>
    build(target, [...BUILD_PACKAGES], debianMirror(), {
      finish: () => undefined,
    }),
  );
  for (const name of all) {
    const old = path.join(images, name);
    if (old !== target) rmSync(old, { recursive: true });
  }
  return target;
}

/** Prints its directory; progress goes to stderr. */
if (require.main === module) {
  ensureBuildEnvironment((text) => console.error(text)).then(
    (directory) => console.log(directory),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
