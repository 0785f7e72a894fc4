import { suiteProgram } from "../faults/program";
import { CHANGES } from "./cases";
import { ownCertificates } from "./certificates";
import { tidyAtEnd } from "./tidy";

tidyAtEnd();
void ownCertificates().then((authority) =>
  suiteProgram(CHANGES, { figures: "changes", webUsers: "patient", authority }),
);
