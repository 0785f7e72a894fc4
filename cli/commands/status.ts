import pc from "picocolors";
import type { Command } from "../command";
import { diagnose } from "../../site/status/diagnose";
import { verdict } from "../../site/status/findings";
import { look, PATIENCE } from "../../site/status/look";
import { renderStatus } from "../../site/status/render";

/** Exit codes by verdict. Unknown is that of a command that could not be done: nobody can tell how the site is. */
export const EXIT = { whole: 0, reduced: 1, down: 2, unknown: 3 };

/** `npx hpc status`: the site on one screen. */
export const status: Command = async ({ stack, outputs, asking, json }) => {
  const seen = await look(stack.name, outputs, PATIENCE, asking);
  const findings = diagnose(seen);
  if (json) {
    const { site: _, ...shown } = seen;
    console.log(JSON.stringify({ verdict: verdict(findings), findings, ...shown }, null, 2));
  } else {
    console.log(renderStatus(seen, findings, pc));
  }
  return EXIT[verdict(findings)];
};
