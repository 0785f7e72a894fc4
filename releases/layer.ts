import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { digest } from "../lib/hash";
import { hold } from "../lib/hold";
import { hpcHome } from "../lib/home";
import type { Progress } from "../lib/progress";
import { makeRelease } from "./make";
import { artefacts, type Release, releaseDirectory } from "./release";

/** So many layers are kept besides those that machines are made over: the ones that were made last. */
const KEPT = 3;
const NAME = /^web-[0-9a-f]{24}$/;
const images = () => path.join(hpcHome(), "images");

/** Directory of this machine with these releases and nothing else, each at the place that it has on a node. */
export const layerOf = (ids: string[]): string =>
  path.join(images(), `web-${digest([...new Set(ids)].sort())}`);

/**
 * Makes sure that the layer of these releases is here: over the machines' image, new nodes have them from the beginning.
 * @returns its directory; it is all there, or not at all
 * @throws when a release cannot be made, or there is no room
 */
export async function makeLayer(releases: Release[], progress: Progress): Promise<string> {
  const layer = layerOf(releases.map(({ id }) => id));
  const archives = new Map<string, string>();
  for (const release of releases) archives.set(release.id, await makeRelease(release, progress));
  fs.mkdirSync(images(), { recursive: true, mode: 0o755 });
  const done = hold(path.join(artefacts(), ".layers"));
  try {
    if (!fs.existsSync(layer)) await unpack(archives, layer);
    removeUnused(layer);
    return layer;
  } finally {
    done();
  }
}

async function unpack(archives: Map<string, string>, layer: string): Promise<void> {
  const partial = `${layer}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  // Of private repositories, and their group is another one's here.
  fs.mkdirSync(partial, { mode: 0o700 });
  for (const [id, archive] of archives) {
    const directory = makeOpen(partial, releaseDirectory(id));
    const owners = ["--numeric-owner", "--same-owner", "--same-permissions"];
    await execa("tar", ["--extract", "--file", archive, "--directory", directory, ...owners]);
  }
  // It has its name only when all of it is on the disk.
  await execa("sync", ["--file-system", partial]);
  fs.renameSync(partial, layer);
}

/** Makes a directory below a root, and those above it as nodes have them, whatever the umask. @returns it */
function makeOpen(root: string, directory: string): string {
  return directory
    .split("/")
    .filter((name) => name !== "")
    .reduce((above, name) => {
      const made = path.join(above, name);
      fs.mkdirSync(made, { recursive: true });
      fs.chmodSync(made, 0o755);
      return made;
    }, root);
}

/** Removes layers that no machine of this host is made over. @param but stays */
function removeUnused(but: string): void {
  const used = usedHere();
  const age = (name: string) => fs.statSync(path.join(images(), name)).mtimeMs;
  const others = fs
    .readdirSync(images())
    .filter((name) => NAME.test(name) && path.join(images(), name) !== but)
    .filter((name) => !used.has(path.join(images(), name)))
    .sort((a, b) => age(b) - age(a));
  for (const name of others.slice(KEPT)) {
    fs.rmSync(path.join(images(), name), { recursive: true });
  }
}

/** What the machines of all sites of this host are made over: each keeps it beside its disk. */
function usedHere(): Set<string> {
  const sites = path.join(hpcHome(), "sites");
  const below = (directory: string) =>
    fs.existsSync(directory)
      ? fs.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
          return entry.isDirectory() ? [path.join(directory, entry.name)] : [];
        })
      : [];
  const records = below(sites)
    .flatMap(below)
    .map((machine) => path.join(machine, "image"));
  const there = records.filter((file) => fs.existsSync(file));
  return new Set(there.flatMap((file) => fs.readFileSync(file, "utf8").split(":")));
}
