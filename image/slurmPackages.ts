import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { packagesOf, type SlurmPackagesName, type SlurmSource } from "../components/slurm/packages";
import { SUITE } from "../lib/debian";
import { hold } from "../lib/hold";
import { hpcHome } from "../lib/home";
import { type Progress, step } from "../lib/progress";
import { buildIn, mayBuild } from "../releases/build";
import { ensurePackages, MMDEBSTRAP } from "../toolchain/host";
import { toolsDirectory } from "../toolchain/venv";
import { build, debianMirror } from "./build";

/** What the build is run with besides what Slurm itself needs. */
const COMPILERS = ["build-essential", "fakeroot", "ca-certificates"];
/** Where Slurm is while it is built: its path is in no package. */
const DIRECTORY = "/build/slurm";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const DEBIAN = "http://deb.debian.org/debian";
/** By the number that Debian keeps for it: files on the state share have its owner by number. */
const SLURM_USER = 64_030;
/** Where the packages are in an image while they are installed. */
const INSIDE = "/slurm-packages";

/**
 * Shell program of the build, in its directory. The tarball is what Debian's archive has signed, and the one that is
 * known here; its packaging is SchedMD's. Nothing is tested by it but what compilers do.
 */
export function buildProgram({ source, version, sha256 }: SlurmSource): string {
  const tarball = `${source}_${version}.orig.tar.gz`;
  return `set -eu
mkdir -p lists/partial cache/archives/partial
apt="apt-get -q -o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$PWD/lists -o Dir::Cache=$PWD/cache"
$apt update
$apt source --download-only --tar-only ${source}
if [ ! -e ${tarball} ]; then
  echo "Debian's source of ${source} is $(ls *.orig.*) by now, and ${tarball} is what is known here" >&2
  exit 1
fi
echo "${sha256}  ${tarball}" | sha256sum --check
mkdir source
tar -xzf ${tarball} -C source --strip-components=1
cd source
DEB_BUILD_OPTIONS="parallel=$(nproc) nocheck noautodbgsym" exec dpkg-buildpackage -b -uc -us
`;
}

/** Stands for the packages, wherever and whenever they are built; "" for those that are not. */
export function slurmId(slurm: SlurmPackagesName): string {
  const { built } = packagesOf(slurm);
  if (!built) return "";
  return createHash("sha256")
    .update([SUITE, ...COMPILERS, ...built.needs, buildProgram(built)].join())
    .digest("hex")
    .slice(0, 12);
}

/**
 * Makes sure that the packages are on this machine: built at most once, whoever asks at the same time. One that was cut off
 * leaves nothing but its log.
 * @returns the directory that has them, and nothing else
 * @throws with the last lines of what failed, and the path of the log
 */
async function ensureSlurm(slurm: SlurmPackagesName, progress: Progress): Promise<string> {
  const { built } = packagesOf(slurm);
  if (!built) throw new Error(`slurm.packages = "${slurm}": is in Debian's archive, not built`);
  const directory = path.join(toolsDirectory(), `slurm-${built.version}-${slurmId(slurm)}`);
  if (fs.existsSync(directory)) return directory;
  mayBuild(`Slurm ${built.version}`, "this");
  fs.mkdirSync(toolsDirectory(), { recursive: true, mode: 0o755 });
  const done = hold(path.join(toolsDirectory(), ".slurm.lock"));
  try {
    if (!fs.existsSync(directory)) {
      await step(`Slurm ${built.version}, built once, about 20 minutes`, progress, () =>
        make(built, directory, progress),
      );
    }
  } finally {
    done();
  }
  return directory;
}

async function make(built: SlurmSource, directory: string, progress: Progress): Promise<void> {
  await ensurePackages(MMDEBSTRAP, progress);
  const images = path.join(hpcHome(), "images");
  const work = path.join(images, "slurm-build");
  // Not in there: the log of one that cannot be made stays beside it.
  const environment = path.join(images, "slurm-environment");
  const remove = () => {
    for (const part of [work, environment]) fs.rmSync(part, { recursive: true, force: true });
  };
  // What a killed run left goes first.
  remove();
  fs.mkdirSync(work, { recursive: true, mode: 0o755 });
  const tree = path.join(work, "tree");
  try {
    await build(environment, [...COMPILERS, ...built.needs], debianMirror(), {
      finish: () => undefined,
    });
    fs.mkdirSync(tree);
    fs.writeFileSync(
      path.join(tree, "sources.list"),
      `deb-src [signed-by=${KEYRING}] ${debianMirror() ?? DEBIAN} ${built.suite} main\n`,
    );
    await buildIn(
      {
        what: `Slurm ${built.version}`,
        log: path.join(images, "slurm-build.log"),
        environment,
        directory: DIRECTORY,
        tree,
        work,
        build: buildProgram(built),
      },
      progress,
    );
    const partial = `${directory}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial, { mode: 0o755 });
    for (const name of fs.readdirSync(tree).filter((n) => n.endsWith(".deb"))) {
      fs.copyFileSync(path.join(tree, name), path.join(partial, name));
    }
    fs.renameSync(partial, directory);
  } finally {
    remove();
  }
}

/** What of a machine's packages Debian's archive has, and what mmdebstrap does for the others, which are built first. */
export async function withSlurm(
  packages: string[],
  slurm: SlurmPackagesName,
  progress: Progress,
): Promise<{ packages: string[]; mmdebstrap: string[] }> {
  const { built } = packagesOf(slurm);
  if (!built) return { packages, mmdebstrap: [] };
  const own = packages.filter((name) => name.startsWith(built.prefix));
  const directory = await ensureSlurm(slurm, progress);
  return {
    packages: packages.filter((name) => !own.includes(name)),
    mmdebstrap: slurmHooks(directory, fs.readdirSync(directory), own),
  };
}

/**
 * Options of mmdebstrap that install packages of a directory, and make the user that Debian's would.
 * @param files all of them there @param wanted names of packages
 * @throws when one is not there
 */
export function slurmHooks(directory: string, files: string[], wanted: string[]): string[] {
  const debs = wanted.map((name) => {
    const file = files.find((one) => one.startsWith(`${name}_`));
    if (file === undefined) throw new Error(`${directory} does not have package ${name}`);
    return file;
  });
  const there = debs.map((file) => path.join(directory, file)).join(" ");
  const inside = debs.map((file) => `${INSIDE}/${file}`).join(" ");
  const user = `--system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin`;
  return [
    `mkdir "$1${INSIDE}"`,
    `copy-in ${there} ${INSIDE}`,
    `chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install --yes ${inside}`,
    `rm -r "$1${INSIDE}"`,
    `chroot "$1" groupadd --system --gid ${SLURM_USER} slurm`,
    `chroot "$1" useradd ${user} --uid ${SLURM_USER} --gid slurm slurm`,
    `chroot "$1" install -d -o slurm -g slurm /var/lib/slurm /var/log/slurm`,
  ].map((hook) => `--customize-hook=${hook}`);
}
