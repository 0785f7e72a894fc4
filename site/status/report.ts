import { keptConnections } from "../connections";
import type { Stack } from "../stack";
import { diagnose } from "./diagnose";
import { verdict } from "./findings";
import { look, PATIENCE } from "./look";

/** What `npx hpc status --json` says, for a program of this machine that asks from time to time. */
export async function statusOf(stack: Stack) {
  const outputs = await stack.publicOutputs();
  const seen = await look(stack.name, outputs, PATIENCE, keptConnections());
  const findings = diagnose(seen);
  const { site: _, ...shown } = seen;
  return { verdict: verdict(findings), findings, ...shown };
}
