import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../lib/hash";
import type { Seat } from "../rollout/lock";
import { leaveWithPulumi, leftBegun, once, unfinished } from "./providerProcess";

/** What is wanted of a resource that is many machines. */
export interface MachinesWanted {
  /** Of each machine: stands for all that it is to be. */
  wanted: Record<string, string>;
  /** Where the site's lock is kept. */
  seats: Seat[];
}

/** What is known of them after it was done, or half done. */
export interface MachinesKnown {
  /** Of each machine that is as it was wanted: what that was. */
  applied: Record<string, string>;
  /** What was found to differ at the last refresh, by machine. */
  drift: Record<string, string[]>;
}

/** What is to be done in one run, decided before anything is. */
export interface Task<State> {
  /** What is saved, whatever comes of it. */
  next: State;
  /** Does it, and notes in `next` what was done. Default: nothing is to be done. */
  work?: () => Promise<void>;
}

/** What differs between such resources. */
export interface Work<Inputs extends MachinesWanted, State extends MachinesKnown> {
  /** What is known of one that is new, or was made by a version that kept less. */
  nothing: State;
  /** Whether something is to be done; tells a person what. A machine that is gone from `wanted` is a change in any case. */
  changes(state: State, news: Inputs): Promise<boolean>;
  /** @param fresh of a resource that was not there */
  task(state: State, news: Inputs, fresh: boolean): Promise<Task<State>>;
  /** Looks at the machines; those that do not answer differ in nothing. */
  findDrift(state: State): Promise<MachinesKnown["drift"]>;
}

/** The machines that are not as wanted. Pure. */
export const pending = (
  { applied, drift }: MachinesKnown,
  { wanted }: Pick<MachinesWanted, "wanted">,
): string[] =>
  Object.keys(wanted).filter((m) => applied[m] !== wanted[m] || (drift[m] ?? []).length > 0);

/**
 * The machines to change: also all of those that a run was killed in, which the state does not know of.
 * @param what as it was begun (SiteLock.begin)
 */
export async function toChange(
  what: string,
  state: MachinesKnown,
  news: MachinesWanted,
): Promise<string[]> {
  if (!(await leftBegun(news.seats)).includes(what)) return pending(state, news);
  await once(`${what} was cut off`, () =>
    console.error(
      `${what}: a change was begun and has not ended; all of its machines are looked at`,
    ),
  );
  return Object.keys(news.wanted);
}

/** What is still true of the machines once some of them are being changed. Pure. */
export const untouched = (
  { applied }: MachinesKnown,
  { wanted }: Pick<MachinesWanted, "wanted">,
  todo: string[],
): MachinesKnown => ({
  applied: kept(applied, (m) => m in wanted && !todo.includes(m)),
  drift: {},
});

export const kept = <T>(
  all: Record<string, T>,
  keep: (key: string) => boolean,
): Record<string, T> => Object.fromEntries(Object.entries(all).filter(([key]) => keep(key)));

/** Pulumi's resource of many machines. What comes of a run is saved, also when it fails: the next one goes on from there. */
export function perMachineProvider<Inputs extends MachinesWanted, State extends MachinesKnown>(
  work: Work<Inputs, State>,
) {
  type News = Inputs & { __provider?: unknown };
  const known = (state: State): State => ({ ...work.nothing, ...state });
  async function apply(id: string, state: State, news: News, fresh: boolean): Promise<State> {
    const task = await work.task(state, news, fresh);
    try {
      await task.work?.();
      return task.next;
    } catch (error) {
      const saved = { ...task.next, __provider: news.__provider };
      throw unfinished(id, (error as Error).message, saved);
    }
  }
  return {
    async diff(_id, olds, news) {
      leaveWithPulumi();
      // A preview may not know yet what will be wanted: the text that Pulumi has in its place is no object.
      if (typeof news.wanted !== "object") return { changes: true };
      const state = known(olds);
      const gone = Object.keys(state.applied).some((m) => !(m in news.wanted));
      return { changes: (await work.changes(state, news)) || gone };
    },

    async create(inputs) {
      const id = digest(Object.keys(inputs.wanted));
      return { id, outs: await apply(id, work.nothing, inputs, true) };
    },

    async update(id, olds, news) {
      return { outs: await apply(id, known(olds), news, false) };
    },

    async read(id, props) {
      leaveWithPulumi();
      if (id === undefined || props === undefined) throw new Error("it cannot be imported");
      return { id, props: { ...props, drift: await work.findDrift(known(props)) } };
    },
  } satisfies pulumi.dynamic.ResourceProvider<Inputs, State>;
}
