import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/lab/*.test.ts"],
    // One cluster, so one test at a time.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
