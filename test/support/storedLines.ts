/** Numbered lines that machines log, and which of them a log store has. */
import type { StackOutputs } from "../../site/stack";
import { ask, on } from "./site";

/** Lines by number, 1 to n, that are missing, as ranges. Pure. */
export function gaps(numbers: readonly number[], n: number): string[] {
  const there = new Set(numbers);
  const missing = Array.from({ length: n }, (_, i) => i + 1).filter((i) => !there.has(i));
  const ranges: [number, number][] = [];
  for (const i of missing) {
    const last = ranges.at(-1);
    if (last?.[1] === i - 1) last[1] = i;
    else ranges.push([i, i]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}

/** Machines that have lines missing in a store's answer, with which. Pure. @param answer JSON of each line */
export function missingLines(
  answer: string,
  word: string,
  machines: readonly string[],
  n: number,
): string[] {
  const numbers = new Map<string, number[]>(machines.map((machine) => [machine, []]));
  for (const line of answer.split("\n")) {
    if (line === "") continue;
    const { _HOSTNAME: machine, _msg: text } = JSON.parse(line) as Record<string, string>;
    const [, number] = new RegExp(`${word} (\\d+)$`).exec(text ?? "") ?? [];
    if (number !== undefined) numbers.get(machine ?? "")?.push(Number(number));
  }
  return [...numbers].flatMap(([machine, found]) => {
    const missing = gaps(found, n);
    return missing.length === 0 ? [] : [`${machine}: ${missing.join(", ")}`];
  });
}

/** Each of these machines logs a numbered line a second, in the background. */
export async function logEverySecond(
  outputs: StackOutputs,
  machines: readonly string[],
  word: string,
  n: number,
): Promise<void> {
  const loop = `i=0; while [ $i -lt ${n} ]; do i=$((i + 1)); echo "${word} $i"; sleep 1; done`;
  const command = `systemd-run --quiet --collect --unit=${word} sh -c '${loop}'`;
  await Promise.all(machines.map((machine) => on(outputs, machine, command)));
}

/** What a store lacks of those lines. */
export async function lackedBy(
  outputs: StackOutputs,
  monitor: string,
  word: string,
  machines: readonly string[],
  n: number,
): Promise<string[]> {
  const query = `_time:2h _msg:"${word}" | fields _HOSTNAME, _msg`;
  const { stdout } = await ask(outputs, monitor, `log-query '${query}'`);
  return missingLines(stdout, word, machines, n).map((lack) => `${monitor} lacks of ${lack}`);
}

/** Lines a second, by a unit of its own that nothing holds back; it ends when all are written. */
export const FLOOD_RATE = 10_000;
export const flood = (word: string, seconds: number): string => {
  const program = `import sys, time
begin = time.monotonic()
for tenth in range(${seconds * 10}):
    first = tenth * ${FLOOD_RATE / 10}
    sys.stdout.write("".join("${word} %d\\n" % i for i in range(first + 1, first + ${FLOOD_RATE / 10 + 1})))
    sys.stdout.flush()
    time.sleep(max(0, begin + (tenth + 1) / 10 - time.monotonic()))`;
  // The journal would leave out what a unit says beyond 10,000 lines in 30 s: here all of it is to come.
  return `systemd-run --quiet --collect --wait --unit=${word} --property=LogRateLimitIntervalSec=0 python3 -c '${program}'`;
};

/** How many different numbered lines with this word a store has. */
export async function different(
  outputs: StackOutputs,
  monitor: string,
  word: string,
): Promise<number> {
  // A tenth at a time: it remembers all that it has counted.
  const tenths = Array.from(
    { length: 10 },
    (_, digit) =>
      `log-query '_time:2h _msg:"${word}" _msg:~"${digit}$" | stats count_uniq(_msg) lines'; echo`,
  );
  const { stdout } = await ask(outputs, monitor, tenths.join("; "));
  return sumOfLines(stdout);
}

/** Pure. @param answer JSON of each part */
export const sumOfLines = (answer: string): number =>
  answer
    .split("\n")
    .filter((line) => line !== "")
    .reduce((sum, line) => sum + Number((JSON.parse(line) as { lines: string }).lines), 0);
