import * as path from "node:path";
import { build } from "esbuild";

/** Node version of the machines (Debian 12). */
const TARGET = "node18";
const directory = path.join(__dirname, "dist");

/** Bundles the portal into one file, so that a machine needs nothing but node. Returns its directory. */
export async function buildPortal(): Promise<string> {
  await build({
    entryPoints: [path.join(__dirname, "main.ts")],
    outfile: path.join(directory, "portal.js"),
    bundle: true,
    platform: "node",
    target: TARGET,
    minify: true,
    // Optional native parts of ws that it does without.
    external: ["bufferutil", "utf-8-validate"],
    logLevel: "warning",
  });
  return directory;
}

if (require.main === module) {
  buildPortal().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
