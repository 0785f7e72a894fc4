import { program } from "../lib/program";
import { makeRelease } from "../releases/make";
import { releaseSchema } from "../releases/release";

/** Makes sure that the archive of a release is on this machine, and prints its path. Progress goes to stderr. */
if (require.main === module) {
  program(releaseSchema, async (release) => {
    console.log(await makeRelease(release, (text) => console.error(text)));
  });
}
