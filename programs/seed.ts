import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { program } from "../lib/program";

/** The three files of cloud-init's NoCloud data source, and where to put them. Holds a private key. */
export const seedSchema = z.strictObject({
  /** The disk image to write. */
  file: z.string().startsWith("/"),
  userData: z.string(),
  metaData: z.string(),
  networkConfig: z.string(),
});
export type SeedRequest = z.infer<typeof seedSchema>;
export type Seed = Omit<SeedRequest, "file">;

/**
 * Writes cloud-init's seed as a disk image that only its user can read: an ISO file system in QCOW2. A bare one would be
 * a volume of format "iso" at libvirt's next look into the pool, which is another than was asked for: the provider
 * would replace it, and with it the machine.
 * @throws when cloud-localds is not installed
 */
function writeSeed({ file, userData, metaData, networkConfig }: SeedRequest): void {
  process.umask(0o077);
  mkdirSync(path.dirname(file), { recursive: true });
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-seed-"));
  const write = (name: string, text: string) => {
    writeFileSync(path.join(dir, name), text);
    return path.join(dir, name);
  };
  try {
    const network = write("network-config", networkConfig);
    const seed = [`${file}.partial`, write("user-data", userData), write("meta-data", metaData)];
    execFileSync("cloud-localds", ["-d", "qcow2", "-N", network, ...seed], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    renameSync(`${file}.partial`, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("cloud-localds is not installed: `apt install cloud-image-utils`");
  } finally {
    rmSync(dir, { recursive: true });
  }
}

if (require.main === module) program(seedSchema, (request) => Promise.resolve(writeSeed(request)));
