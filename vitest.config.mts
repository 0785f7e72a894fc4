import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/**
 * Tests that put something else in a module's place, which all after them in the same process would have as well; and those of
 * signals, which count who listens in their process.
 */
const apart = readdirSync("test/unit", { recursive: true, encoding: "utf8" })
  .map((file) => `test/unit/${file}`)
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) =>
    /\bvi\.(mock|doMock)\(|\bSIG(INT|TERM|HUP|KILL)\b|listenerCount/.test(
      readFileSync(file, "utf8"),
    ),
  );

export default defineConfig({
  test: {
    setupFiles: ["test/support/withoutEngine.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two at least, also where other checks have the second core: what waits leaves its own to the other.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/{unit,policy}/**/*.test.ts"],
          exclude: apart,
          globalSetup: ["test/support/portal.ts"],
          // Starting a process and loading Pulumi's SDK takes longer than most files' tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "apart",
          include: [...apart, "test/{preview,browser}/**/*.test.ts"],
        },
      },
    ],
  },
});
