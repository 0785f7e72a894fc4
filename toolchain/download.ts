import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";

/** A vendor that has not answered by then counts as out of reach, ms. */
const ANSWER_DEADLINE = 4_000;
/** Longest download, ms. */
const DOWNLOAD_DEADLINE = 300_000;

/** Where the vendor publishes the CLI of a version, and the checksums of its files. */
export function releaseUrls(version: string): { archive: string; checksums: string } {
  const os = process.platform;
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const base = `https://github.com/pulumi/pulumi/releases/download/v${version}`;
  return {
    archive: `${base}/pulumi-v${version}-${os}-${arch}.tar.gz`,
    checksums: `${base}/pulumi-${version}-checksums.txt`,
  };
}

/** Whether the vendor's downloads can be had here: one quick attempt. */
export async function reachable(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: "HEAD",
      signal: AbortSignal.timeout(ANSWER_DEADLINE),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Downloads the CLI with its language hosts into `directory`/bin.
 * @throws when a file cannot be had or its checksum is not the published one; nothing is left then
 */
export async function downloadPulumi(
  urls: { archive: string; checksums: string },
  directory: string,
): Promise<void> {
  const [archive, checksums] = await Promise.all([get(urls.archive), get(urls.checksums)]);
  const name = path.posix.basename(urls.archive);
  checkSum(archive, checksums.toString(), name);
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, name);
  try {
    writeFileSync(file, archive);
    mkdirSync(path.join(directory, "bin"), { recursive: true });
    await execa("tar", ["-xzf", file, "-C", path.join(directory, "bin"), "--strip-components=1"]);
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Compares with a line `<sha256 or sha512 in hex>  <name>` of a list.
 * @throws when the list does not have the file or its sum is another
 */
export function checkSum(content: Buffer, list: string, name: string): void {
  const lines = list.split("\n").map((line) => line.trim().split(/\s+\*?/));
  const wanted = lines.find(([, file]) => file === name)?.[0];
  if (wanted === undefined) throw new Error(`No checksum of ${name} is published`);
  const algorithm = wanted.length === 128 ? "sha512" : "sha256";
  const got = createHash(algorithm).update(content).digest("hex");
  if (got !== wanted.toLowerCase()) {
    throw new Error(`${name} is damaged: its ${algorithm} is ${got}, published is ${wanted}`);
  }
}

/** @throws when it cannot be had */
export async function get(url: string): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_DEADLINE) });
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}
