import { CASES } from "./cases";
import { suiteProgram } from "./program";

suiteProgram(CASES, { figures: "faults", webUsers: "impatient" });
