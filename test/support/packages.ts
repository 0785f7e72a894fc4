import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import type { Guest } from "./guest";

/**
 * Gives a guest a package source of its own: the lab's network leads to no mirror. What it has not is fetched here, which must be the
 * same release of Debian; afterwards `apt-get install` knows these packages there, and installs none by itself.
 */
export async function bringPackages(guest: Guest, ...names: string[]): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-debs-"));
  const [status, archives] = [path.join(directory, "status"), path.join(directory, "archives")];
  try {
    mkdirSync(path.join(archives, "partial"), { recursive: true });
    writeFileSync(status, await guest.run("cat /var/lib/dpkg/status"));
    const places = [`Dir::State::status=${status}`, `Dir::Cache::archives=${archives}`];
    const options = [...places, "Debug::NoLocking=1"].flatMap((option) => ["-o", option]);
    const install = ["install", "-q", "-y", "--download-only", "--no-install-recommends"];
    await execa("apt-get", [...options, ...install, ...names]);
    rmSync(path.join(archives, "partial"), { recursive: true });
    const entries = readdirSync(archives)
      .filter((file) => file.endsWith(".deb"))
      .map(async (file) => {
        const deb = readFileSync(path.join(archives, file));
        const { stdout } = await execa("dpkg-deb", ["-f", path.join(archives, file)]);
        const sum = createHash("sha256").update(deb).digest("hex");
        return `${stdout}\nFilename: ./${file}\nSize: ${deb.length}\nSHA256: ${sum}\n`;
      });
    writeFileSync(path.join(archives, "Packages"), (await Promise.all(entries)).join("\n"));
    const tar = await execa("tar", ["-C", archives, "-cf", "-", "."], { encoding: null });
    await guest.run("mkdir -p /srv/debs && tar -C /srv/debs -xf -", tar.stdout);
    await guest.run(
      "chmod -R a+rX /srv/debs; echo 'deb [trusted=yes] file:/srv/debs ./' >/etc/apt/sources.list && apt-get update -q",
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
