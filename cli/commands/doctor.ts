import pc from "picocolors";
import type { Command } from "../command";
import { diagnose } from "../status/diagnose";
import { verdict } from "../status/findings";
import { look } from "../status/look";
import { renderFindings } from "../status/render";
import { EXIT } from "./status";

/** A busy machine gets longer to answer than `status` can wait, so that it is not taken for a dead one, s. */
const PATIENCE = 5;

/** `npx hpc doctor`: what is wrong in plain words, and the commands that mend it. */
export const doctor: Command = async ({ stack, outputs, json }) => {
  const findings = diagnose(await look(stack.name, outputs, PATIENCE));
  console.log(
    json
      ? JSON.stringify({ verdict: verdict(findings), findings }, null, 2)
      : renderFindings(stack.name, findings, pc),
  );
  return EXIT[verdict(findings)];
};
