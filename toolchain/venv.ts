import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { contentHash } from "../lib/hash";
import { hpcHome } from "../lib/home";
import { type Progress, step } from "../lib/progress";
import { projectRoot } from "../lib/project";

/** Where tools are that were built or installed here. */
export const toolsDirectory = (): string => path.join(hpcHome(), "tools");

/**
 * Makes sure that a Python virtual environment with pinned packages is there.
 * @param source.requirements pip's list; @param source.program what is run in it at last, to complete it
 * @returns its directory; another one for other sources
 */
export async function ensureVenv(
  name: string,
  what: string,
  progress: Progress,
  source: { requirements: string; program?: string },
): Promise<string> {
  const { requirements, program } = source;
  const hash = contentHash(requirements, ...(program === undefined ? [] : [program]));
  const directory = path.join(toolsDirectory(), `${name}-${hash}`);
  if (fs.existsSync(directory)) return directory;
  await step(`${what} in a virtual environment`, progress, async () => {
    const partial = `${directory}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    // Python's virtual environments cannot be moved, so the finished mark is what is moved into place.
    const venv = `${directory}-venv`;
    fs.rmSync(venv, { recursive: true, force: true });
    await execa("python3", ["-m", "venv", venv]);
    await execa(path.join(venv, "bin", "pip"), ["install", "--quiet", "-r", requirements]);
    if (program !== undefined) await execa(path.join(venv, "bin", "python"), [program]);
    fs.symlinkSync(path.basename(venv), partial);
    fs.renameSync(partial, directory);
  });
  return directory;
}

/** What checks and tests the controllers' Python program; only who tests it needs that. @returns its programs' directory */
export const ensurePythonChecks = async (progress: Progress): Promise<string> =>
  path.join(
    await ensureVenv("python-checks", "mypy, ruff and pytest", progress, {
      requirements: path.join(projectRoot, "slurm-ha", "requirements.txt"),
    }),
    "bin",
  );
