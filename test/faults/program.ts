import type { Progress } from "../../lib/progress";
import { fitForFigures, measurePace, sayPace } from "../support/pace";
import type { Case } from "./cases";
import { type FaultRun, faultSuite } from "./suite";

const progress: Progress = (text) => console.log(text);

/**
 * A suite of cases as a program of its own, as the lab suite is one: whoever ends it ends all that it has started.
 * Arguments: `short`, or the number of repeats, then parts of cases' names.
 */
export function suiteProgram(
  all: Case[],
  kind: Pick<FaultRun, "figures" | "webUsers" | "authority">,
): void {
  const run = async ([form = "short", ...names]: string[]): Promise<boolean> => {
    const short = form === "short";
    const repeats = short ? 1 : Number(form);
    if (!Number.isInteger(repeats) || repeats < 1) throw new Error(`repeats = ${form}: a number`);
    // Once more, since something else may be at work by now.
    const pace = await measurePace();
    progress(`  ${sayPace(pace)}`);
    if (!short && !fitForFigures(pace)) {
      throw new Error(
        "No figures from so slow or busy a machine: they would say nothing of the site. Limits hold for it in the form that `npm test` runs",
      );
    }
    return faultSuite({ all, ...kind, repeats, names, short, pace }, progress);
  };
  run(process.argv.slice(2)).then(
    (passed) => process.exit(passed ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exit(1);
    },
  );
}
