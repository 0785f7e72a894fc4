import pc from "picocolors";
import type { Command } from "../command";
import { PATIENT } from "../health";
import { diagnose } from "../status/diagnose";
import { verdict } from "../status/findings";
import { look } from "../status/look";
import { renderFindings } from "../status/render";
import { EXIT } from "./status";

/** `npx hpc doctor`: what is wrong in plain words, and the commands that mend it. */
export const doctor: Command = async ({ stack, outputs, json }) => {
  const findings = diagnose(await look(stack.name, outputs, PATIENT));
  console.log(
    json
      ? JSON.stringify({ verdict: verdict(findings), findings }, null, 2)
      : renderFindings(stack.name, findings, pc),
  );
  return EXIT[verdict(findings)];
};
