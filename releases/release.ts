import { createHash } from "node:crypto";
import * as path from "node:path";
import { z } from "zod";
import { hpcHome } from "../lib/home";
import { RECIPE } from "./environment";

/** On a web node: a directory for each service, and one with all releases. */
export const WEB_ROOT = "/opt/hpc-dashboard";
export const RELEASES = "releases";

/** Who may read a git repository; files of the management machine, whose content goes nowhere else. */
export const repositorySchema = z.strictObject({
  git: z.string().min(1),
  /** Private key for ssh. Default: the user's own. */
  keyFile: z.string().min(1).optional(),
  /** Token for https. Default: the user's own credentials. */
  tokenFile: z.string().min(1).optional(),
});
export type Repository = z.infer<typeof repositorySchema>;

/** What one or more services run: content that is fixed, and what was made of it. Holds no secrets. */
export const releaseSchema = z.strictObject({
  /** Says all that it is made from: the same id is the same release. */
  id: z.string().regex(/^[0-9a-f]{12}-[0-9a-f]{8}$/),
  source: z.union([
    /** A directory of the management machine. Relative paths are the project's. */
    z.strictObject({ path: z.string().min(1), hash: z.string().min(1) }),
    repositorySchema.extend({ commit: z.string().min(1) }),
  ]),
  /** Shell command that is run once in it. Default: nothing is built. */
  build: z.string().optional(),
});
export type Release = z.infer<typeof releaseSchema>;

/** @param content hash of the tree, or the commit */
export function releaseId(content: string, build: string | undefined): string {
  // Where it is built is where it runs: a virtualenv cannot be moved.
  const recipe = build === undefined ? "" : JSON.stringify({ build, RECIPE, WEB_ROOT });
  return `${content.slice(0, 12)}-${createHash("sha256").update(recipe).digest("hex").slice(0, 8)}`;
}

/** Where a release is while it is built, and on the nodes. */
export const releaseDirectory = (id: string): string => `${WEB_ROOT}/${RELEASES}/${id}`;

/** Directory of the management machine with one archive for each release that was made here. */
export const artefacts = (): string => path.join(hpcHome(), "releases");
export const artefact = (id: string): string => path.join(artefacts(), `${id}.tar.gz`);
