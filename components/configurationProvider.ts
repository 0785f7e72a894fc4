import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../lib/hash";
import type { Seat } from "../rollout/lock";
import { differences, lookScript, readLook } from "./drift";
import {
  ask,
  handOver,
  inTurn,
  leaveWithPulumi,
  leftBegun,
  once,
  runProgram,
  siteLock,
  unfinished,
} from "./providerProcess";

/** How a machine is asked whether it is still as it was left. Holds no secrets. */
export interface Question {
  /** ssh and its arguments up to the remote command. */
  ssh: string[];
  /** Units that must be active. */
  units: string[];
}

export interface ConfigurationInputs {
  /** Name of the tier. */
  tier: string;
  /** Nothing is done at the beginning, only when what is wanted is another. */
  gate: boolean;
  /** Of each machine: stands for all that it is to be told. */
  wanted: Record<string, string>;
  questions: Record<string, Question>;
  /** Where the site's lock is kept. */
  seats: Seat[];
  /** What the program needs to do it, as JSON (components/changeProgram.ts). Secret. */
  request: string;
}

/** What is known after it was done, or half done. */
export interface ConfigurationState {
  tier: string;
  /** Of each machine that is as it was wanted: what that was. */
  applied: Record<string, string>;
  /** SHA-256 of each file that was written on it. */
  files: Record<string, Record<string, string>>;
  questions: Record<string, Question>;
  /** Where the site's lock was kept. */
  seats: Seat[];
  /** What was found to differ at the last refresh, by machine. */
  drift: Record<string, string[]>;
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

/** The machines that are not as wanted. */
export const pending = (
  { applied, drift }: Pick<ConfigurationState, "applied" | "drift">,
  { wanted }: Pick<ConfigurationInputs, "wanted">,
): string[] =>
  Object.keys(wanted).filter((m) => applied[m] !== wanted[m] || (drift[m] ?? []).length > 0);

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

/** The machines to change: also all of a tier that a run was killed in, which the state does not know of. */
async function toChange(state: ConfigurationState, news: ConfigurationInputs): Promise<string[]> {
  const { tier, wanted } = news;
  if (news.gate || !(await leftBegun(news.seats)).includes(tier)) return pending(state, news);
  await once(`${tier} was cut off`, () =>
    console.error(
      `${tier}: a change was begun and has not ended; all of its machines are looked at`,
    ),
  );
  return Object.keys(wanted);
}

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

/** Does what is pending. What comes of it is saved, also when it fails: the next run goes on from there. */
async function apply(
  id: string,
  state: ConfigurationState,
  news: ConfigurationInputs & { __provider?: unknown },
  fresh: boolean,
): Promise<ConfigurationState> {
  const { tier } = news;
  const todo = await toChange(state, news);
  const next: ConfigurationState = {
    ...state,
    tier,
    questions: news.questions,
    seats: news.seats,
    applied: kept(state.applied, (m) => m in news.wanted && !todo.includes(m)),
    files: kept(state.files, (m) => m in news.wanted),
    drift: {},
    faults: {},
    recap: `${tier}: done`,
  };
  if (todo.length === 0) return next;
  try {
    const lock = await siteLock(news.seats);
    const { signal, begin, end } = lock;
    await handOver(lock, state.seats, news.seats);
    const task = (mode: Mode) => carryOut(mode, todo, state, news, signal);
    const turn = () =>
      inTurn(async () => {
        begin(tier);
        const said = await task("turn");
        // What is only relieved is out of service until its gate is passed.
        if (!relieves(news)) end(tier);
        return said;
      });
    let outcome = fresh ? await task("first") : await turn();
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
    return next;
  } catch (error) {
    throw unfinished(id, (error as Error).message, { ...next, __provider: news.__provider });
  }
}

const relieves = ({ request }: ConfigurationInputs): boolean =>
  (JSON.parse(request) as { relieveOnly?: boolean }).relieveOnly === true;

const kept = <T>(all: Record<string, T>, keep: (key: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => keep(key)));

const NOTHING = {
  ...{ applied: {}, files: {}, drift: {}, faults: {}, questions: {}, recap: "" },
  seats: [],
};

export const configurationProvider: pulumi.dynamic.ResourceProvider<
  ConfigurationInputs,
  ConfigurationState
> = {
  async diff(_id, olds, news) {
    leaveWithPulumi();
    // A preview may not know yet what will be wanted: the text that Pulumi has in its place is no object.
    if (typeof news.wanted !== "object") return { changes: true };
    const gone = Object.keys(olds.applied).some((m) => !(m in news.wanted));
    const todo = await toChange({ ...NOTHING, ...olds }, news);
    if (todo.length > 0) await tell(todo, { ...NOTHING, ...olds }, news);
    return { changes: todo.length > 0 || gone };
  },

  async create(inputs) {
    const id = digest(Object.keys(inputs.wanted));
    const applied = inputs.gate ? inputs.wanted : {};
    const state = { ...NOTHING, tier: inputs.tier, applied };
    return { id, outs: await apply(id, state, inputs, true) };
  },

  async update(id, olds, news) {
    return { outs: await apply(id, { ...NOTHING, ...olds }, news, false) };
  },

  async read(id, props) {
    leaveWithPulumi();
    if (id === undefined || props === undefined) throw new Error("it cannot be imported");
    return { id, props: { ...props, drift: await findDrift(props) } };
  },
};
