import { DecisionLog } from "../../autoscaler/log";
import { sentence } from "../../autoscaler/log/sentence";
import { placeOf } from "../../autoscaler/place";
import { EMPTY_LOG, table } from "../why";
import type { Command } from "../command";

/** Decisions that are shown unless a person says how many. */
const USUAL = 1;

/** `npx hpc why [N]`: what the autoscaler decided last, and why; of the log, so also when the service does not run. */
export const why: Command = ({ stack, args, json }) => {
  const [count = String(USUAL)] = args;
  const n = Number(count);
  if (!Number.isInteger(n) || n < 1) throw new Error(`N = "${count}": how many decisions`);
  const decisions = new DecisionLog(placeOf(stack.name).decisions).tail(n);
  const last = decisions.at(-1);
  if (json) console.log(JSON.stringify(decisions, null, 2));
  else if (!last) console.log(EMPTY_LOG);
  else {
    for (const decision of decisions) {
      console.log(`${new Date(decision.at).toLocaleString()}  ${sentence(decision, "en")}`);
    }
    console.log(`\n${table(last)}`);
  }
  return Promise.resolve(0);
};
