import type { Seat } from "../../rollout/lock";
import { quote } from "../look";
import { ask } from "../providerProcess";
import type { Step } from "../slurm/accountPlan";
import { type Accounting, questions, readAccounting } from "../slurm/accounting";

/** Longest time for all questions, ms. A dead first slurmdbd costs some seconds of it. */
const ASK_TIMEOUT = 30_000;
/** Steps of one connection: a command line has at most 128 KiB. */
const BATCH = 50;
/** Longest time for one of them, ms. It takes 0.1 s; with slurmctld busy some more. */
const STEP_TIMEOUT = 5000;

/** Shell text that asks all of it. */
const lookText = (cluster: string): string =>
  [
    "exec 3>&1",
    ...Object.entries(questions(cluster)).map(
      ([part, args]) =>
        `echo '== ${part}'; why=$(sacctmgr -nP ${args.map(quote).join(" ")} 2>&1 >&3) || { echo '== failed'; echo "$why"; exit 0; }`,
    ),
  ].join("\n");

/** Shell text for some steps. What fails ends it, but for removals, which do not need each other. */
export const stepsText = (steps: Step[]): string =>
  [
    'step() { n=$1; shift; said=$(sacctmgr -i "$@" 2>&1 </dev/null) || { echo "== $n"; echo "$said"; false; }; }',
    // In the words of slurmdbd.
    `unused() { jobs=$(squeue -h -a -q "$2" -o 'JobID = %A' 2>&1) && [ -z "$jobs" ] || { echo "== $1"; echo 'Job(s) active'; echo "$jobs"; false; }; }`,
    ...steps.map(({ command, removes, unusedQos }, i) => {
      const first = unusedQos === undefined ? "" : `unused ${i} ${quote(unusedQos)} && `;
      const words = command.map(quote).join(" ");
      return `${first}step ${i} ${words} || ${removes === undefined ? "exit 0" : "true"}`;
    }),
    "true",
  ].join("\n");

/** Texts by their headings. */
function sections(text: string): Record<string, string> {
  const parts = text.split(/^== (.*)\n/m).slice(1);
  return Object.fromEntries(
    parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1] ?? ""]] : [])),
  );
}

/** A controller that answered, and what slurmdbd told it. */
export interface Told {
  seat: Seat;
  /** Undefined: it does not know the cluster yet. */
  accounting: Accounting | undefined;
}

/**
 * Asks the controllers, of which any can tell.
 * @throws Error with what the last one said
 */
export async function lookAtAccounting(controllers: Seat[], cluster: string): Promise<Told> {
  const faults: string[] = [];
  for (const seat of controllers) {
    const said = await ask(seat.ssh, lookText(cluster), ASK_TIMEOUT);
    const parts = sections(said ?? "");
    if (said === undefined) faults.push(`${seat.machine} does not answer`);
    else if (parts["failed"] === undefined) return { seat, accounting: readAccounting(parts) };
    else faults.push(`${seat.machine}: ${firstLine(parts["failed"])}`);
  }
  throw new Error(`the accounting cannot be asked: ${faults.join("; ")}`);
}

/** A step that was refused. */
export interface Refusal {
  step: Step;
  said: string;
}

/**
 * Takes steps, in order, until one fails that is no removal.
 * @throws Error when the machine does not answer any more
 */
export async function takeSteps(
  { machine, ssh }: Seat,
  steps: Step[],
  signal: AbortSignal,
): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (let at = 0; at < steps.length; at += BATCH) {
    signal.throwIfAborted();
    const some = steps.slice(at, at + BATCH);
    const said = await ask(ssh, stepsText(some), ASK_TIMEOUT + STEP_TIMEOUT * some.length);
    if (said === undefined) {
      throw new Error(`${machine} has stopped answering: the same command again`);
    }
    for (const [n, text] of Object.entries(sections(said))) {
      const step = some[Number(n)];
      if (step) refused.push({ step, said: text });
    }
    if (refused.some(({ step }) => step.removes === undefined)) break;
  }
  return refused;
}

export const firstLine = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(/^sacctmgr: (error: )?/, "").trim())
    .find((line) => line !== "") ?? "it failed without a word";

/** Jobs for which slurmdbd refuses to remove something; none when that is not why. */
export const jobsIn = (said: string): string[] =>
  /Job\(s\) active/.test(said) ? [...said.matchAll(/JobID = (\d+)/g)].map(([, id = ""]) => id) : [];
