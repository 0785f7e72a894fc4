import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { writeWhole } from "./wholeFile";

/** What became of the last refresh of the image of new machines by its timer. */
const schema = z.object({
  /** When it ended, ms since 1970. */
  at: z.number(),
  /** Why the image is still the one before, in one sentence; undefined: it is new enough, or was built. */
  why: z.string().optional(),
});
export type ImageRefresh = z.infer<typeof schema>;

/** A file for each stack: they may be of different drivers. */
const fileOf = (home: string, stack: string) =>
  path.join(home, "images", `refresh-${path.basename(stack)}.json`);

/** @returns undefined where no timer has run, or nobody can tell */
export function readImageRefresh(home: string, stack: string): ImageRefresh | undefined {
  try {
    return schema.parse(JSON.parse(fs.readFileSync(fileOf(home, stack), "utf8")));
  } catch {
    return undefined;
  }
}

export function writeImageRefresh(home: string, stack: string, refresh: ImageRefresh): void {
  const file = fileOf(home, stack);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  writeWhole(file, JSON.stringify(refresh));
  // Root builds images; the autoscaler, which tells of it, is another user.
  fs.chmodSync(file, 0o644);
}

/** Where no timer runs any more, what its last run said is nobody's trouble. */
export const forgetImageRefresh = (home: string, stack: string): void =>
  fs.rmSync(fileOf(home, stack), { force: true });
