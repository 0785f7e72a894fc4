import { createHash } from "node:crypto";
import { SUITE } from "../lib/debian";

/** What a service may need to be built: Debian's packages of the languages that the nodes have, and compilers. */
export const BUILD_PACKAGES = [
  ...["nodejs", "npm"],
  ...["python3", "python3-venv", "python3-pip", "python3-dev"],
  ...["build-essential", "pkg-config", "git", "ca-certificates", "curl", "util-linux"],
] as const;

/** Stands for the environment, wherever and whenever it is installed: with another one releases are others. */
export const RECIPE = createHash("sha256")
  .update([SUITE, ...BUILD_PACKAGES].join())
  .digest("hex")
  .slice(0, 12);
