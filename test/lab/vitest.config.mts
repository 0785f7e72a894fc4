import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { inOrder } from "./order.mjs";

class Sequencer extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(inOrder(files, (file) => file.moduleId));
  }
}

export default defineConfig({
  test: {
    // What `npm test` has no time for is in a folder of its own; the suite's runner says when that is wanted too.
    include: process.env["HPC_HA_NIGHTLY"] ? ["test/lab/**/*.test.ts"] : ["test/lab/*.test.ts"],
    // One cluster, so one test at a time.
    fileParallelism: false,
    sequence: { sequencer: Sequencer },
    // On a machine of normal speed: the suite's runner sets more on a slower one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
