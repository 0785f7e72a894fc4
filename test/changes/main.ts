/** The suite of changes as a program of its own. Arguments: `short`, or the number of repeats, then parts of names. */
import type { Progress } from "../../lib/progress";
import { faultSuite } from "../faults/suite";
import { fitForFigures, measurePace, sayPace } from "../support/pace";
import { CHANGES } from "./cases";
import { takeBackEdits } from "./edits";

const progress: Progress = (text) => console.log(text);

async function main([form = "short", ...names]: string[]): Promise<boolean> {
  const short = form === "short";
  const repeats = short ? 1 : Number(form);
  if (!Number.isInteger(repeats) || repeats < 1) throw new Error(`repeats = ${form}: a number`);
  const pace = await measurePace();
  progress(`  ${sayPace(pace)}`);
  if (!short && !fitForFigures(pace)) throw new Error("No figures from so slow or busy a machine");
  return faultSuite({ all: CHANGES, figures: "changes", repeats, names, short, pace }, progress);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
process.on("exit", takeBackEdits);
main(process.argv.slice(2)).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
