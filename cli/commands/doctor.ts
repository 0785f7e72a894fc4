import pc from "picocolors";
import { hpcHome } from "../../lib/home";
import type { Command } from "../command";
import { diagnose } from "../../site/status/diagnose";
import { verdict } from "../../site/status/findings";
import { look, PATIENCE } from "../../site/status/look";
import { renderFindings } from "../../site/status/render";
import { EXIT } from "./status";

/** `npx hpc doctor`: what is wrong in plain words, and the commands that mend it. */
export const doctor: Command = async ({ stack, outputs, asking, json }) => {
  const findings = diagnose(await look(stack.name, outputs, PATIENCE, asking));
  if (json) {
    console.log(JSON.stringify({ verdict: verdict(findings), findings }, null, 2));
  } else {
    console.log(renderFindings(stack.name, findings, pc));
    if (findings.some((f) => f.mend?.startsWith("pulumi "))) {
      console.log(pc.dim(`\n  Once per shell, before pulumi: . ${hpcHome()}/env.sh`));
    }
  }
  return EXIT[verdict(findings)];
};
