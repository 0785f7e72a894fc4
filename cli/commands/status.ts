import pc from "picocolors";
import type { Command } from "../command";
import type { Patience } from "../health";
import { diagnose } from "../status/diagnose";
import { verdict } from "../status/findings";
import { look } from "../status/look";
import { renderStatus } from "../status/render";

/** Exit codes by verdict. */
export const EXIT = { whole: 0, reduced: 1, down: 2 };

/**
 * The command is to take less than 3 s also when machines are dead: about 1 s passes before machines are asked, and
 * those of the lab have all spoken 0.5 s later. When this machine is so busy that it takes longer, it does.
 */
const PATIENCE: Patience = { first: 1.7, factor: 2, least: 0.4, most: 6 };

/** `npx hpc status`: the site on one screen. */
export const status: Command = async ({ stack, outputs, json }) => {
  const seen = await look(stack.name, outputs, PATIENCE);
  const findings = diagnose(seen);
  console.log(
    json
      ? JSON.stringify({ verdict: verdict(findings), findings, ...seen }, null, 2)
      : renderStatus(seen, findings, pc),
  );
  return EXIT[verdict(findings)];
};
