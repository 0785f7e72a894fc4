import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { contentHash } from "../lib/hash";
import { type Progress, step } from "../lib/progress";
import { projectRoot } from "../lib/project";
import { build } from "./build";
import { checkSum, get, reachable } from "./download";
import { toolsDirectory } from "./venv";

/** The module that pins it; its version is stated there, and only there. */
const MODULE = "toolchain/log-store";
const SOURCE = "github.com/VictoriaMetrics/VictoriaLogs";
const PROGRAM = "victoria-logs";

/** Stands for the program: another one is to be installed anew. */
export const logStoreId = (): string => contentHash(path.join(projectRoot, MODULE));

/** @param goMod text of the go.mod @throws when it names none */
export function logStoreVersion(goMod: string): string {
  const version = new RegExp(`${SOURCE} (v\\S+)\n`).exec(goMod)?.[1];
  if (version === undefined) throw new Error(`${MODULE}/go.mod does not require ${SOURCE}`);
  return version;
}

/** Where its vendor publishes it: the archive for machines with such processors, and the checksums of what is in there. */
export function logStoreUrls(
  version: string,
  arch: string,
): { archive: string; checksums: string } {
  const base = `https://${SOURCE}/releases/download/${version}/${PROGRAM}-linux-${arch}-${version}`;
  return { archive: `${base}.tar.gz`, checksums: `${base}_checksums.txt` };
}

/**
 * Makes sure that VictoriaLogs is on this machine: from its vendor, or, where that cannot be reached, built from Go modules.
 * Only who makes a machine of the monitor needs it.
 * @returns the program's file
 * @throws when neither can be, with what is missing
 */
export async function ensureLogStore(progress: Progress): Promise<string> {
  const directory = path.join(toolsDirectory(), `log-store-${logStoreId()}`);
  const file = path.join(directory, PROGRAM);
  if (fs.existsSync(file)) return file;
  fs.mkdirSync(toolsDirectory(), { recursive: true, mode: 0o755 });
  const version = logStoreVersion(
    fs.readFileSync(path.join(projectRoot, MODULE, "go.mod"), "utf8"),
  );
  const urls = logStoreUrls(version, process.arch === "arm64" ? "arm64" : "amd64");
  if (await reachable(urls.checksums)) {
    try {
      await step(`VictoriaLogs ${version}, download`, progress, () => download(urls, directory));
      return file;
    } catch (error) {
      progress(`  could not be had: ${(error as Error).message.split("\n")[0] ?? ""}`);
    }
  }
  await step(`VictoriaLogs ${version}, built from Go modules, about 2 minutes`, progress, () =>
    build(
      MODULE,
      directory,
      { [PROGRAM]: `${SOURCE}/app/victoria-logs` },
      {
        "github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": `${PROGRAM}-${version}`,
      },
    ),
  );
  return file;
}

/** Nothing is left in `directory` unless all of it is what was published. */
async function download(urls: { archive: string; checksums: string }, directory: string) {
  const [archive, checksums] = await Promise.all([get(urls.archive), get(urls.checksums)]);
  const name = path.posix.basename(urls.archive);
  checkSum(archive, checksums.toString(), name);
  const partial = `${directory}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial);
  fs.writeFileSync(path.join(partial, name), archive);
  await execa("tar", ["-xzf", name], { cwd: partial });
  // The vendor's name has a suffix.
  const found = fs.readdirSync(partial).find((n) => n !== name && n.startsWith(PROGRAM));
  if (found === undefined) throw new Error(`${name} does not have ${PROGRAM}`);
  fs.renameSync(path.join(partial, found), path.join(partial, PROGRAM));
  fs.rmSync(path.join(partial, name));
  fs.rmSync(directory, { recursive: true, force: true });
  fs.renameSync(partial, directory);
}

/** Prints its path; progress goes to stderr. */
if (require.main === module) {
  ensureLogStore((text) => console.error(text)).then(
    (file) => console.log(file),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
