import { defineConfig } from "vitest/config";

/** Tests of the site at hand; see SITES in site.ts. */
const directory = process.env["HPC_HA_VM_SITE"] === "sets" ? "test/vm/sets" : "test/vm";

export default defineConfig({
  test: {
    include: [`${directory}/*.test.ts`],
    // One site, so one test at a time.
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
