/** What the Prometheus of a machine of the monitor says, to the tests. */
import type { StackOutputs } from "../../site/stack";
import { addressOf, ask, baseConfig, parsed } from "./site";

export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}
export interface Answer {
  status: string;
  error?: string;
  data?: { result: Sample[] };
}

/** What it answers to each of these expressions, as of now. */
export async function askPrometheus(
  outputs: StackOutputs,
  monitor: string,
  expressions: readonly string[],
): Promise<Answer[]> {
  const { prometheus } = parsed(baseConfig()).ports;
  const url = `http://${addressOf(outputs, monitor)}:${prometheus}/api/v1/query`;
  const script = `while read -r expr; do curl -sS --get ${url} --data-urlencode "query=$expr"; echo; done`;
  const { stdout } = await ask(outputs, monitor, script, { input: `${expressions.join("\n")}\n` });
  return stdout.split("\n").map((line) => JSON.parse(line) as Answer);
}

/** The series of the answer to one expression. */
export const seriesOf = async (
  outputs: StackOutputs,
  monitor: string,
  expression: string,
): Promise<Sample[]> =>
  (await askPrometheus(outputs, monitor, [expression]))[0]?.data?.result ?? [];
