import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import execa from "execa";
import { machinePackages } from "../components/house";
import type { SlurmPackagesName } from "../components/slurm/packages";
import { readDiskRecord, writeDiskRecord } from "../drivers/vm/diskRecord";
import { hpcHome } from "../lib/home";
import { ensurePackages, MMDEBSTRAP, type Needs } from "../toolchain/host";
import { type Progress, step } from "../lib/progress";
import { ensureToolchain } from "../toolchain/setup";
import type { Release } from "../releases/release";
import { build, debianMirror, MAX_AGE_DAYS } from "./build";
import { slurmOf } from "./slurmOf";
import { slurmId, withSlurm } from "./slurmPackages";
import { addReleases, runningReleases } from "./webReleases";
import { writeInto } from "./write";

/** Units that cloud-init consists of; an image enables nothing that is not named. */
const CLOUD_INIT = ["cloud-init-local", "cloud-init", "cloud-config", "cloud-final"];
const TIME = "systemd-timesyncd";
const GRUB = "/usr/lib/grub/i386-pc";
const SECTOR = 512;
/** Where the only partition begins, in sectors: 1 MiB, room for GRUB before it. */
const START = 2048;
/** Size of the disk; the first boot grows the file system over a larger volume, bytes. */
const SIZE = 3 * 1024 ** 3;
const LABEL = "hpc-ha-root";
const NEEDS: Needs = [
  ...MMDEBSTRAP,
  ["qemu-img", "qemu-utils"],
  ["sfdisk", "fdisk"],
  ["mke2fs", "e2fsprogs"],
  ["grub-mkimage", "grub-common"],
  ["GRUB for BIOS", "grub-pc-bin"],
];

/** What the config's `vm.image` is to say. */
export interface DiskImage {
  file: string;
  sha512: string;
}

/** What a machine with a kernel of its own has besides the others' packages. */
const OWN = [
  "linux-image-amd64",
  "udev",
  "e2fsprogs",
  // Learns at its first boot who it is, and grows its root file system over the disk.
  "cloud-init",
  "cloud-guest-utils",
  // Its clock is its own too: munge refuses what is minutes off.
  "systemd-timesyncd",
];
const packagesFor = (slurm: SlurmPackagesName) => [
  ...machinePackages({ slurm: { packages: slurm } }),
  ...OWN,
];

/** Hash over everything that an image is made from, but the packages' versions. */
const recipeOf = (slurm: SlurmPackagesName): string => {
  const hash = createHash("sha256");
  hash.update(packagesFor(slurm).join()).update(slurmId(slurm));
  for (const file of ["finish.ts", "write.ts", "disk.ts"]) {
    hash.update(fs.readFileSync(path.join(__dirname, file)));
  }
  return hash.digest("hex");
};

/** The image of the present recipe that is not too old; built only when there is none. @param slurm that its machines have */
export async function ensureDisk(
  progress: Progress,
  slurm: SlurmPackagesName = "debian",
): Promise<DiskImage> {
  const last = readDiskRecord(hpcHome());
  if (last) {
    const days = (Date.now() - last.built) / 864e5;
    if (last.recipe === recipeOf(slurm) && days < MAX_AGE_DAYS && fs.existsSync(last.file))
      return last;
  }
  return buildDisk(progress, slurm);
}

/**
 * Builds the VM image from the same package list as the containers': a disk that boots by itself, made without
 * mounting a file system or a loop device.
 * @param slurm that its machines have
 * @param releases what it has of web services, so that new nodes need not be sent it. Default: nothing
 * @throws when a tool is missing or a step fails
 */
export async function buildDisk(
  progress: Progress,
  slurm: SlurmPackagesName,
  releases: Release[] = [],
): Promise<DiskImage> {
  await ensurePackages(NEEDS, progress);
  const images = path.join(hpcHome(), "images");
  fs.mkdirSync(images, { recursive: true });
  const dir = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-disk-"));
  const root = path.join(dir, "root");
  try {
    const { packages, mmdebstrap } = await withSlurm(packagesFor(slurm), slurm, progress);
    const units = [...CLOUD_INIT, TIME].map((unit) => `${unit}.service`);
    await step("Packages of the VM image, about two minutes", progress, () =>
      build(root, packages, debianMirror(), { units, mmdebstrap }),
    );
    configure(root);
    await addReleases(root, releases, progress);
    const raw = path.join(dir, "disk.raw");
    const qcow2 = path.join(dir, "disk.qcow2");
    await step("Disk of the VM image", progress, async () => {
      await makeDisk(root, raw, dir);
      await execa("qemu-img", ["convert", "-O", "qcow2", "-c", raw, qcow2]);
    });
    const sha512 = await hashOf(qcow2);
    const file = path.join(images, `vm-${sha512.slice(0, 12)}.qcow2`);
    fs.copyFileSync(qcow2, `${file}.partial`);
    fs.renameSync(`${file}.partial`, file);
    const ids = releases.map(({ id }) => id);
    const record = { file, sha512, recipe: recipeOf(slurm), built: Date.now(), releases: ids };
    writeDiskRecord(hpcHome(), record);
    return { file, sha512 };
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** What a machine has that boots by itself, and a container not. */
function configure(root: string): void {
  const write = (file: string, text: string) => writeInto(root, file, text);
  // Without a line for it the root file system stays read-only.
  write("etc/fstab", `LABEL=${LABEL} / ext4 errors=remount-ro 0 1\n`);
  // No search for clouds: the seed is on a disk.
  write("etc/cloud/cloud.cfg.d/hpc-ha.cfg", "datasource_list: [NoCloud, None]\n");
  write(
    "boot/grub/grub.cfg",
    `linux /vmlinuz root=LABEL=${LABEL} ro console=ttyS0 net.ifnames=0\ninitrd /initrd.img\nboot\n`,
  );
}

/** A disk with one partition of the directory's content, and GRUB before it. */
async function makeDisk(root: string, raw: string, dir: string): Promise<void> {
  fs.writeFileSync(raw, "");
  fs.truncateSync(raw, SIZE);
  await execa("sfdisk", ["--quiet", raw], { input: `label: dos\n${START},,L,*\n` });
  const blocks = Math.floor((SIZE - START * SECTOR) / 4096);
  const filesystem = ["-q", "-t", "ext4", "-b", "4096", "-L", LABEL, "-d", root];
  await execa("mke2fs", [...filesystem, "-E", `offset=${START * SECTOR}`, raw, String(blocks)]);

  const core = path.join(dir, "core.img");
  const modules = ["biosdisk", "part_msdos", "ext2", "normal", "linux", "boot"];
  await execa("grub-mkimage", [
    ...["-O", "i386-pc", "-o", core, "-p", "(hd0,msdos1)/boot/grub", ...modules],
  ]);
  const loader = fs.readFileSync(core);
  if (loader.length > (START - 1) * SECTOR)
    throw new Error("GRUB does not fit before the partition");
  const disk = fs.openSync(raw, "r+");
  try {
    // The boot code stops before the disk's signature and partition table; it loads the second sector.
    fs.writeSync(disk, fs.readFileSync(path.join(GRUB, "boot.img")), 0, 440, 0);
    fs.writeSync(disk, loader, 0, loader.length, SECTOR);
  } finally {
    fs.closeSync(disk);
  }
}

/** SHA-512 of a file, hexadecimal. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(fs.createReadStream(file), hash);
  return hash.digest("hex");
}

/** What brings an image into a stack's config. What stands there, `url` or `file`, is of another image and goes first. */
export const configCommands = ({ file, sha512 }: DiskImage): string[] => [
  "pulumi config rm --path vm.image",
  `pulumi config set --path vm.image.file '${file}'`,
  `pulumi config set --path vm.image.sha512 ${sha512}`,
];

async function main(): Promise<void> {
  const progress: Progress = (text) => console.log(text);
  await ensureToolchain(progress);
  const { values } = parseArgs({ options: { stack: { type: "string" } } });
  const slurm = await slurmOf(values.stack);
  const releases = await runningReleases(progress, values.stack);
  const image = await buildDisk(progress, slurm, releases);
  progress("New machines use it once the stack's config says so:");
  for (const command of configCommands(image)) progress(`  ${command}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
}
