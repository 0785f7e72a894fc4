/**
 * Plays days against this autoscaler's rules and against others, in seconds:
 * `node --import tsx autoscaler/replay/main.ts [decisions.jsonl]`. Without a log of decisions they are made working days.
 */
import { autoscalerSchema } from "../../components/web/autoscaler";
import { DecisionLog } from "../log";
import { compare, table } from "./compare";
import { LIMITS, madeDays, recorded, SCHEDULE } from "./trace";

const [file] = process.argv.slice(2);
if (file === undefined) {
  const settings = autoscalerSchema.parse({ schedule: SCHEDULE });
  console.log(table(compare(madeDays(), LIMITS, settings)));
} else {
  const day = recorded(new DecisionLog(file).since(0));
  if (day.length < 2) throw new Error(`${file}: has no two looks at a load`);
  console.log(table(compare([day], LIMITS, autoscalerSchema.parse({}))));
}
