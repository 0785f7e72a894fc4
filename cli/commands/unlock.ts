import { createInterface } from "node:readline/promises";
import { until } from "../../lib/wait";
import type { RunningSite } from "../../rollout/roll";
import { type Holder, readHolder } from "../../rollout/lock";
import { describeHolder, endKeeper, LOOK_FOR_HOLDER } from "../../rollout/unlock";
import type { Context } from "../command";
import { runningSite } from "../runningSite";
import { SEATS } from "../siteLock";

/** Longest time for the keepers to end, s: also for one that the holder had begun anew on the first seat. */
const END_SECONDS = 15;

type Machines = Pick<RunningSite["machines"], "names" | "ask">;

/** Asks a person; undefined when nobody is there to answer. */
export type Question = (text: string) => Promise<string | undefined>;

const onTerminal: Question = async (text) => {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(text);
  } finally {
    terminal.close();
  }
};

/** `npx hpc unlock [--yes]`: who holds the site's lock; takes it away when a person, or `--yes`, says so. */
export const unlock = (context: Context): Promise<number> =>
  takeAway({ ...runningSite(context), yes: context.flags["yes"] !== undefined, ask: onTerminal });

interface Taking {
  machines: Machines;
  progress: Context["progress"];
  /** It is wanted, without a question. */
  yes: boolean;
  ask: Question;
}

/**
 * @returns exit code: 1 when the lock was left, or a seat that does not answer may still have it
 * @throws Error when nobody can tell who has it, or nobody can be asked
 */
export async function takeAway({ machines, progress, yes, ask }: Taking): Promise<number> {
  const seats = await look(machines);
  const silent = seats.filter((s) => !s.answers).map((s) => s.machine);
  if (silent.length === seats.length) {
    throw new Error(
      `${silent.join(" and ")} ${verb(silent)} not answer: nobody can tell who holds the lock`,
    );
  }
  const held = seats.filter((s) => s.found);
  if (held.length === 0) {
    progress("Nobody holds the lock of this site.");
    for (const machine of silent) progress(`  ${machine} does not answer`);
    return 0;
  }
  // Two holders can only be where the entry's machines do not hear each other.
  for (const { machine, found } of held) {
    if (found) progress(`Locked (on ${machine}) by ${describeHolder(found.holder)}`);
  }
  if (!yes) {
    const answer = await ask("Take the lock away from it? [y/N] ");
    if (answer === undefined) {
      throw new Error(
        "this is no terminal, nobody can be asked. To take the lock away: npx hpc unlock --yes",
      );
    }
    if (!/^y(es)?$/i.test(answer.trim())) {
      progress("The lock was left.");
      return 1;
    }
  }
  const holders = held.flatMap(({ found }) => (found ? [found.holder] : []));
  await until("the lock is taken away", END_SECONDS, async () => {
    // One that is left on a single seat takes the other again within seconds: it is looked for until it is nowhere.
    const left = (await look(machines)).filter(
      ({ found }) => found && holders.some((h) => isSame(h, found.holder)),
    );
    await Promise.all(
      left.map(({ machine, found }) => machines.ask(machine, endKeeper(found?.pid ?? 0))),
    );
    return left.length === 0;
  });
  if (silent.length > 0) {
    progress(
      `Taken away, but ${silent.join(" and ")} ${verb(silent)} not answer: who has the lock there too goes on.`,
    );
    return 1;
  }
  progress(
    "Taken away. Whoever had it stops before its next machine; what it leaves half-way, the same command puts right.",
  );
  return 0;
}

const verb = (names: string[]): string => (names.length === 1 ? "does" : "do");

const isSame = (a: Holder, b: Holder): boolean => a.who === b.who && a.since === b.since;

/** What each seat says; `found` is not there when nobody has its lock. */
const look = (machines: Machines) =>
  Promise.all(
    machines.names(SEATS).map(async (machine) => {
      const said = await machines.ask(machine, LOOK_FOR_HOLDER);
      return { machine, answers: said !== undefined, found: readHolder(said ?? "") };
    }),
  );
