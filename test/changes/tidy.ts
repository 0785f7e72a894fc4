import { takeBackEdits } from "./edits";
import { removeScratch } from "./scratch";

/** However this process ends, the project's files are as they were. */
export function tidyAtEnd(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  process.on("exit", () => {
    takeBackEdits();
    removeScratch();
  });
}
