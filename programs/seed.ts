import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import type { Seed } from "../drivers/vm/cloudInit";

/** What `main` reads from stdin. */
export interface SeedRequest extends Seed {
  /** The image to write. */
  file: string;
}

/** Programs that make ISO 9660 images with the same options: Debian's genisoimage, and xorriso. */
const MAKERS = ["mkisofs", "genisoimage", "xorrisofs"];

/**
 * Writes cloud-init's seed as a disk image that only its user can read: an ISO file system in QCOW2. A bare one would be
 * a volume of format "iso" at libvirt's next look into the pool, which is another than was asked for: the provider
 * would replace it, and with it the machine.
 */
async function main(): Promise<void> {
  const { file, userData, metaData, networkConfig } = JSON.parse(
    await text(process.stdin),
  ) as SeedRequest;
  process.umask(0o077);
  mkdirSync(path.dirname(file), { recursive: true });
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-seed-"));
  try {
    const content = {
      "user-data": userData,
      "meta-data": metaData,
      "network-config": networkConfig,
    };
    for (const [name, body] of Object.entries(content)) writeFileSync(path.join(dir, name), body);
    const iso = path.join(dir, "seed.iso");
    const args = ["-quiet", "-output", iso, "-volid", "cidata", "-joliet", "-rock"];
    makeIso([...args, ...Object.keys(content).map((name) => path.join(dir, name))]);
    execFileSync("qemu-img", ["convert", "-O", "qcow2", iso, `${file}.partial`]);
    renameSync(`${file}.partial`, file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function makeIso(args: string[]): void {
  for (const maker of MAKERS) {
    try {
      execFileSync(maker, args, { stdio: ["ignore", "ignore", "inherit"] });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`None of ${MAKERS.join(", ")} is installed: \`apt install genisoimage\``);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
