import { suiteProgram } from "../faults/program";
import { CHANGES } from "./cases";
import { takeBackEdits } from "./edits";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
process.on("exit", takeBackEdits);
suiteProgram(CHANGES, { figures: "changes", webUsers: "patient" });
