import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { build, type Plugin } from "esbuild";
import { projectRoot } from "../lib/project";

/** Where the bundle is, and the checksums by which cli/hpc sees whether it is of the present sources. */
const BUNDLE = "cli/dist/hpc.js";
const CHECKSUMS = "cli/dist/checksums";
/** What decides on the bundle beside its sources: the packages in it, and how it is made. */
const ALSO = ["package-lock.json", "tsconfig.json", "cli/build.ts"];

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** Gives esbuild the project's sources, and keeps the checksums of just what it was given. */
function sources(checksums: Map<string, string>): Plugin {
  return {
    name: "sources",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        const relative = path.relative(projectRoot, file);
        if (relative.startsWith("..") || relative.startsWith("node_modules")) return undefined;
        const text = fs.readFileSync(file, "utf8");
        checksums.set(relative, sha256(text));
        // In the bundle `__dirname` is the bundle's.
        const back = path.relative(path.dirname(BUNDLE), path.dirname(relative));
        const directory = `require("node:path").join(__dirname, ${JSON.stringify(back)})`;
        const contents = text
          .replaceAll("__dirname", directory)
          // What is a program of its own elsewhere is none here.
          .replaceAll("require.main === module", "false");
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Writes a file in one step: others may be reading or writing it. */
function replace(file: string, data: string | Uint8Array): void {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, data);
  fs.renameSync(own, file);
}

/**
 * Makes one file of the CLI that plain node runs. Modules that a command loads for itself are in it too, and evaluated
 * only then. The bundle is in the list of checksums as well: two that build at once cannot mix theirs.
 */
async function buildCli(): Promise<void> {
  process.chdir(projectRoot);
  const checksums = new Map(ALSO.map((file) => [file, sha256(fs.readFileSync(file))]));
  const { outputFiles } = await build({
    entryPoints: [path.join(projectRoot, "cli/hpc.ts")],
    outfile: path.join(projectRoot, BUNDLE),
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["@pulumi/*", "esbuild", "tsx"],
    plugins: [sources(checksums)],
    logLevel: "error",
  });
  const bundle = outputFiles[0]?.contents ?? new Uint8Array();
  fs.mkdirSync(path.dirname(BUNDLE), { recursive: true });
  replace(BUNDLE, bundle);
  checksums.set(BUNDLE, sha256(bundle));
  replace(CHECKSUMS, [...checksums].map(([file, sum]) => `${sum}  ${file}\n`).join(""));
}

buildCli().catch((error: unknown) => {
  console.error(`hpc: not bundled: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
