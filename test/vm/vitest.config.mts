import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/vm/*.test.ts"],
    // One site, so one test at a time.
    fileParallelism: false,
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
