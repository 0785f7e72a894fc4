import { suiteProgram } from "../faults/program";
import { CHANGES } from "./cases";
import { ownCertificates } from "./certificates";
import { takeBackEdits } from "./edits";
import { removeScratch } from "./scratch";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
process.on("exit", () => {
  takeBackEdits();
  removeScratch();
});
void ownCertificates().then((authority) =>
  suiteProgram(CHANGES, { figures: "changes", webUsers: "patient", authority }),
);
