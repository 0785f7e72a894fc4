/**
 * What the timer of a stack runs: `refresh.ts STACK DAYS container|vm` builds a new image when the last one is older, or
 * lacks a release of a web service. What goes wrong leaves the image before as it is, and is told by the autoscaler.
 */
import { type DiskRecord, readDiskRecord } from "../drivers/vm/diskRecord";
import { hpcHome } from "../lib/home";
import { writeImageRefresh } from "../lib/imageRefresh";
import type { Progress } from "../lib/progress";
import type { Release } from "../releases/release";
import { ensureToolchain } from "../toolchain/setup";
import { ensureImage } from "./containerImage";
import { buildDisk, configCommands } from "./disk";
import { slurmOf } from "./slurmOf";
import { runningReleases } from "./webReleases";

/**
 * Why an image is to be built anew, in words; undefined: it is good for now. Pure.
 * @param days how old it may be @param now ms since 1970
 */
export function whyRefresh(
  last: Pick<DiskRecord, "built" | "releases"> | undefined,
  releases: Pick<Release, "id">[],
  days: number,
  now: number,
): string | undefined {
  if (!last) return "none was built here";
  const age = Math.floor((now - last.built) / 864e5);
  if (age >= days) return `it is ${age} days old`;
  const lacks = releases.map(({ id }) => id).filter((id) => !last.releases?.includes(id));
  return lacks.length > 0 ? `it lacks release ${lacks.join(", ")}` : undefined;
}

async function refreshDisk(stack: string, days: number, progress: Progress): Promise<void> {
  const last = readDiskRecord(hpcHome());
  const releases = await runningReleases(progress, stack);
  // A person sees that an image is without any, and may want it so.
  if (releases.length === 0) throw new Error(`the releases of stack ${stack} cannot be read`);
  const why = whyRefresh(last, releases, days, Date.now());
  if (why === undefined) return progress("The image is new enough");
  progress(`A new image: ${why}`);
  const image = await buildDisk(progress, await slurmOf(stack), releases);
  progress("New machines use it once the stack's config says so:");
  for (const command of configCommands(image)) progress(`  ${command}`);
}

async function main([stack = "", days = "", kind = ""]: string[]): Promise<number> {
  const progress: Progress = (text) => console.log(text);
  try {
    await ensureToolchain(progress);
    // New containers are made over the image that is there; of their web services they have a layer of their own.
    if (kind === "container") {
      await ensureImage(progress, await slurmOf(stack), Number(days));
    } else await refreshDisk(stack, Number(days), progress);
    writeImageRefresh(hpcHome(), stack, { at: Date.now() });
    return 0;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    console.error(said);
    const [why = ""] = said.split("\n");
    writeImageRefresh(hpcHome(), stack, { at: Date.now(), why });
    return 1;
  }
}

if (require.main === module) void main(process.argv.slice(2)).then((code) => process.exit(code));
