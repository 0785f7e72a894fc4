import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** By name, but the one that leaves larger machines behind comes last: making them small again takes minutes. */
class Order extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const key = ({ moduleId }: TestSpecification) =>
      `${moduleId.endsWith("/replacing.test.ts") ? 1 : 0} ${moduleId}`;
    return Promise.resolve([...files].sort((a, b) => key(a).localeCompare(key(b))));
  }
}

export default defineConfig({
  test: {
    include: ["test/vm/*.test.ts"],
    // One site, so one test at a time.
    fileParallelism: false,
    sequence: { sequencer: Order },
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    reporters: ["verbose"],
    disableConsoleIntercept: true,
  },
});
