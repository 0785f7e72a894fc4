import type { Seat } from "../rollout/lock";
import { differences, lookScript, readLook } from "./drift";
import {
  kept,
  type MachinesKnown,
  type MachinesWanted,
  pending,
  perMachineProvider,
  type Task,
  toChange,
  untouched,
} from "./perMachine";
import { ask, begunInTurn, handOver, once, runProgram, siteLock } from "./providerProcess";

/** How a machine is asked whether it is still as it was left. Holds no secrets. */
export interface Question {
  /** ssh and its arguments up to the remote command. */
  ssh: string[];
  /** Units that must be active. */
  units: string[];
}

export interface ConfigurationInputs extends MachinesWanted {
  /** Name of the tier. */
  tier: string;
  /** Nothing is done at the beginning, only when what is wanted is another. */
  gate: boolean;
  questions: Record<string, Question>;
  /** What the program needs to do it, as JSON (components/changeProgram.ts). Secret. */
  request: string;
}

/** What is known after it was done, or half done. */
export interface ConfigurationState extends MachinesKnown {
  tier: string;
  /** SHA-256 of each file that was written on it. */
  files: Record<string, Record<string, string>>;
  questions: Record<string, Question>;
  /** Where the site's lock was kept. */
  seats: Seat[];
  /** Machines that came and could not be configured, each with the reason. */
  faults: Record<string, string>;
  /** The same whatever changed: it is an input of what comes after. */
  recap: string;
}

/** What the program says in the end. */
export interface Outcome {
  /** Machines that are as wanted, with the files that were written. */
  done: Record<string, string[]>;
  faults: Record<string, string>;
  /** Machines that serve wait for their turn: nothing was done to them. */
  waiting: boolean;
  /** How it would go, where only that was asked. */
  order?: string;
  /** Why it stopped. */
  error?: string;
}

const PROGRAM = "components/changeProgram.ts";

/** Longest time for looking at the machines before a change is announced, ms. */
const PLAN_TIMEOUT = 15_000;

async function findDrift(state: ConfigurationState): Promise<Record<string, string[]>> {
  const found = await Promise.all(
    Object.entries(state.questions).map(
      async ([machine, { ssh, units }]): Promise<[string, string[]]> => {
        const left = state.files[machine];
        if (!left) return [machine, []];
        const said = await ask(ssh, lookScript(Object.keys(left), units));
        // A machine that does not answer is the driver's to bring back.
        return [machine, said === undefined ? [] : differences(left, readLook(said))];
      },
    ),
  );
  return Object.fromEntries(found.filter(([, all]) => all.length > 0));
}

type Mode = "plan" | "first" | "turn";

async function carryOut(
  mode: Mode,
  todo: string[],
  state: ConfigurationState,
  news: ConfigurationInputs,
  signal: AbortSignal,
): Promise<Outcome> {
  const request = {
    ...(JSON.parse(news.request) as object),
    todo,
    applied: Object.keys(state.applied),
    drifted: Object.keys(state.drift),
    mode,
  };
  return JSON.parse(await runProgram(PROGRAM, JSON.stringify(request), signal)) as Outcome;
}

/** The machines to change; nothing that was begun is a gate's. */
const machinesToChange = async (
  state: ConfigurationState,
  news: ConfigurationInputs,
): Promise<string[]> => (news.gate ? pending(state, news) : toChange(news.tier, state, news));

/** Whether the last run knew of none of them: they came since. A scale-out does not wait for more to be said of that. */
const comeTogether = (todo: string[], { questions }: Pick<ConfigurationState, "questions">) =>
  Object.keys(questions).length > 0 && todo.every((machine) => !(machine in questions));

/** Says which machines are to be changed, why where that is known, and in which order as far as they answer. */
async function tell(
  todo: string[],
  state: ConfigurationState,
  news: ConfigurationInputs,
): Promise<void> {
  const why = todo.map((m) => [m, ...(state.drift[m] ?? [])].join(": "));
  await once(`${news.tier} ${why.join()}`, async () => {
    const order = comeTogether(todo, state)
      ? `${todo.join(", ")} (new)`
      : (
          await carryOut("plan", todo, state, news, AbortSignal.timeout(PLAN_TIMEOUT)).catch(
            () => undefined,
          )
        )?.order;
    console.error(`${news.tier}: to be changed: ${why.join("; ")}`);
    if (order !== undefined) console.error(`${news.tier}: in this order: ${order}`);
  });
}

/** Does what is pending. */
async function task(
  state: ConfigurationState,
  news: ConfigurationInputs,
  fresh: boolean,
): Promise<Task<ConfigurationState>> {
  const { tier } = news;
  const before = fresh && news.gate ? { ...state, applied: news.wanted } : state;
  const todo = await machinesToChange(before, news);
  const next: ConfigurationState = {
    ...before,
    ...untouched(before, news, todo),
    tier,
    questions: news.questions,
    seats: news.seats,
    files: kept(before.files, (m) => m in news.wanted),
    faults: {},
    recap: `${tier}: done`,
  };
  if (todo.length === 0) return { next };
  const work = async () => {
    const lock = await siteLock(news.seats);
    await handOver(lock, before.seats, news.seats);
    const run = (mode: Mode) => carryOut(mode, todo, before, news, lock.signal);
    // What is only relieved is out of service until its gate is passed.
    const turn = () => begunInTurn(lock, tier, () => run("turn"), !relieves(news));
    let outcome = fresh ? await run("first") : await turn();
    if (outcome.waiting) outcome = await turn();
    await Promise.all(
      Object.entries(outcome.done).map(async ([machine, files]) => {
        next.applied[machine] = news.wanted[machine] ?? "";
        const question = news.questions[machine];
        const said = question && (await ask(question.ssh, lookScript(files, [])));
        if (said !== undefined) next.files[machine] = readLook(said).files;
      }),
    );
    next.faults = outcome.faults;
    if (outcome.error !== undefined) throw new Error(outcome.error);
  };
  return { next, work };
}

const relieves = ({ request }: ConfigurationInputs): boolean =>
  (JSON.parse(request) as { relieveOnly?: boolean }).relieveOnly === true;

export const configurationProvider = perMachineProvider<ConfigurationInputs, ConfigurationState>({
  nothing: {
    ...{ tier: "", applied: {}, files: {}, drift: {}, faults: {}, questions: {}, recap: "" },
    seats: [],
  },
  async changes(state, news) {
    const todo = await machinesToChange(state, news);
    if (todo.length > 0) await tell(todo, state, news);
    return todo.length > 0;
  },
  task,
  findDrift,
});
