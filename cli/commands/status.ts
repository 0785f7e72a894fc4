import pc from "picocolors";
import type { Command } from "../command";
import { diagnose } from "../status/diagnose";
import { verdict } from "../status/findings";
import { look } from "../status/look";
import { renderStatus } from "../status/render";

/** Exit codes by verdict. */
export const EXIT = { whole: 0, reduced: 1, down: 2 };

/** The whole command is to take less than 3 s also when machines are dead; npx takes about 0.7 s before this begins. */
const BUDGET = 2.1;
/** Machines get at least so long to answer, also where reading the outputs took long, s. */
const LEAST = 1;

/** `npx hpc status`: the site on one screen. */
export const status: Command = async ({ stack, outputs, json }) => {
  const seconds = Math.max(LEAST, BUDGET - performance.now() / 1000);
  const seen = await look(stack.name, outputs, seconds);
  const findings = diagnose(seen);
  console.log(
    json
      ? JSON.stringify({ verdict: verdict(findings), findings, ...seen }, null, 2)
      : renderStatus(seen, findings, pc),
  );
  return EXIT[verdict(findings)];
};
