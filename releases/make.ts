import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hold } from "../lib/hold";
import { elapsed, type Progress } from "../lib/progress";
import { ofProject } from "../lib/project";
import { buildIn, mayBuild } from "./build";
import { checkOut } from "./git";
import { artefact, artefacts, type Release, releaseDirectory, type Repository } from "./release";
import { NOT_RELEASED, treeHash } from "./tree";

/** So many archives are kept: the ones last asked for. */
const KEPT = 20;
/** Owner of everything in a release: services run as www-data (33 on every Debian), and may write nothing in it. */
const OWNERS = ["--owner=root:0", "--group=www-data:33"];
/** They may read all of it and run what can be run, whatever the umask was of who cloned it. No file is run as another user. */
const MODES = "--mode=ug-s,u=rwX,g=rX,o=";

/**
 * Makes sure that the archive of a release is here: fetched, built and packed at most once, whoever asks at the same time.
 * One that is lost is made again and has the same id.
 * @returns its path
 * @throws with the last lines of what failed
 */
export async function makeRelease(release: Release, progress: Progress): Promise<string> {
  const { id } = release;
  const file = artefact(id);
  // Content of private repositories.
  fs.mkdirSync(artefacts(), { recursive: true, mode: 0o700 });
  const done = hold(path.join(artefacts(), ".lock"));
  try {
    if (!fs.existsSync(file)) {
      const start = Date.now();
      await make(release, file, progress);
      const mebibytes = (fs.statSync(file).size / 2 ** 20).toFixed(1);
      progress(`release ${id}: ${mebibytes} MiB (${elapsed(start)})`);
    }
    fs.utimesSync(file, new Date(), new Date());
    removeOld();
    return file;
  } finally {
    done();
  }
}

async function make(release: Release, file: string, progress: Progress): Promise<void> {
  const { id, source, build } = release;
  if (build !== undefined) mayBuild();
  // A build's files are made with it.
  process.umask(0o022);
  // Beside the archives and not in /tmp, which may be small. What a killed run left goes first.
  for (const name of fs.readdirSync(artefacts())) {
    if (name.startsWith("work-")) {
      fs.rmSync(path.join(artefacts(), name), { recursive: true, force: true });
    }
  }
  const work = fs.mkdtempSync(path.join(artefacts(), "work-"));
  const tree = path.join(work, "tree");
  try {
    if ("path" in source) await copy(source, tree);
    else fetch(source, tree, progress);
    if (build !== undefined) {
      const log = path.join(artefacts(), `${id}.log`);
      const directory = releaseDirectory(id);
      await buildIn({ what: `release ${id}`, log, directory, tree, work, build }, progress);
    }
    // Of a repository's submodules too.
    const depth = "path" in source ? ["-maxdepth", "1"] : [];
    const gits = [tree, "-mindepth", "1", ...depth, "-name", NOT_RELEASED, "-prune"];
    await execa("find", [...gits, "-exec", "rm", "-rf", "{}", "+"]);
    const partial = path.join(work, "archive");
    await execa("tar", [
      ...["--create", "--file", partial, "--use-compress-program=gzip -1", "--sort=name"],
      ...[...OWNERS, MODES, "--directory", tree, "."],
    ]);
    fs.renameSync(partial, file);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** @throws when it is not what the release is named after any more */
async function copy(source: { path: string; hash: string }, tree: string): Promise<void> {
  await execa("cp", ["-a", "--no-preserve=ownership", `${ofProject(source.path)}/.`, tree]);
  if (treeHash(tree) !== source.hash) {
    throw new Error(
      `${source.path} is not what it was when this change began: run \`pulumi up\` again`,
    );
  }
}

function fetch(source: Repository & { commit: string }, tree: string, progress: Progress): void {
  const { commit, ...repository } = source;
  progress(`${source.git}: fetching ${commit.slice(0, 12)}`);
  try {
    checkOut(repository, commit, tree);
  } catch (error) {
    throw new Error(`${source.git}: ${(error as Error).message}`, { cause: error });
  }
}

function removeOld(): void {
  const inDirectory = (name: string) => path.join(artefacts(), name);
  const age = (id: string) => fs.statSync(artefact(id)).mtimeMs;
  const ids = fs
    .readdirSync(artefacts())
    .flatMap((name) => /^(.*)\.tar\.gz$/.exec(name)?.[1] ?? [])
    .sort((a, b) => age(b) - age(a));
  for (const id of ids.slice(KEPT)) {
    for (const file of [artefact(id), inDirectory(`${id}.log`)]) fs.rmSync(file, { force: true });
  }
}
