import { chmodSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";

/** Node version of the machines (Debian 12). */
const TARGET = "node18";

/** Bundles the portal into one file, so that a machine needs nothing but node. Returns its directory. */
export const buildPortal = (): Promise<string> => bundlePortal(path.join(__dirname, "dist"));

/** The same into any directory. */
export async function bundlePortal(directory: string): Promise<string> {
  const file = path.join(directory, "portal.js");
  await build({
    entryPoints: [path.join(__dirname, "main.ts")],
    outfile: file,
    bundle: true,
    platform: "node",
    target: TARGET,
    minify: true,
    // Optional native parts of ws that it does without.
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
  // Its mode is part of the release, and must not be this user's.
  chmodSync(file, 0o644);
  return directory;
}

if (require.main === module) {
  buildPortal().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
