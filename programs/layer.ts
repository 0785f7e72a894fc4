import { z } from "zod";
import { program } from "../lib/program";
import { makeLayer } from "../releases/layer";
import { releaseSchema } from "../releases/release";

const layerSchema = z.strictObject({ releases: z.array(releaseSchema).min(1) });
export type LayerRequest = z.infer<typeof layerSchema>;

/** Makes sure that the layer of releases is on this machine, and prints its directory. Progress goes to stderr. */
if (require.main === module) {
  program(layerSchema, async ({ releases }) => {
    console.log(await makeLayer(releases, (text) => console.error(text)));
  });
}
