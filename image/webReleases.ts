import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { z } from "zod";
import type { Progress } from "../lib/progress";
import { projectRoot } from "../lib/project";
import { makeLayer } from "../releases/layer";
import { type Release, releaseSchema } from "../releases/release";

/**
 * What the web services of a stack run, as its last `pulumi up` left it.
 * @param stack default: the one that `pulumi stack select` chose
 * @returns nothing, and says so, where there is no such stack, or nothing of it yet
 */
export async function runningReleases(progress: Progress, stack?: string): Promise<Release[]> {
  const which = stack === undefined ? [] : ["--stack", stack];
  const { failed, stdout, stderr } = await execa(
    "pulumi",
    ["stack", "output", "releases", "--json", "--non-interactive", ...which],
    { cwd: projectRoot, reject: false },
  );
  if (failed) {
    const why = stderr.trim().split("\n").at(-1) ?? "";
    progress(`Without the releases of web services: ${why}`);
    return [];
  }
  const releases = z.array(releaseSchema).parse(JSON.parse(stdout));
  progress(`With the releases of the web services: ${releases.map(({ id }) => id).join(", ")}`);
  return releases;
}

/** Puts releases into a root file system, where nodes have them: a new node need not be sent any. */
export async function addReleases(
  root: string,
  releases: Release[],
  progress: Progress,
): Promise<void> {
  if (releases.length === 0) return;
  const layer = await makeLayer(releases, progress);
  // Not the layer itself, whose mode would be that of the root directory.
  const parts = fs.readdirSync(layer).map((name) => path.join(layer, name));
  await execa("cp", ["--archive", ...parts, root]);
}
