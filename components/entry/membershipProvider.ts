import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../../lib/hash";
import type { Seat } from "../../rollout/lock";
import { begunInTurn, leftBegun, runProgram, siteLock, unfinished } from "../providerProcess";

/** As what it is begun. */
const WORK = "membership";

interface Inputs {
  /** Stands for all that is wanted. */
  wanted: string;
  /** What the program reads, as JSON. */
  request: string;
  /** Where the site's lock is kept. */
  seats: Seat[];
}
interface State {
  /** What is there; "" after a failure. */
  applied: string;
  summary: string;
}

async function reconcile(id: string, news: Inputs & { __provider?: unknown }): Promise<State> {
  try {
    const lock = await siteLock(news.seats);
    const summary = await begunInTurn(lock, WORK, () =>
      runProgram("programs/membership.ts", news.request, lock.signal),
    );
    return { applied: news.wanted, summary: summary.trim() };
  } catch (error) {
    const left = { applied: "", summary: "", __provider: news.__provider };
    throw unfinished(id, (error as Error).message, left);
  }
}

export const membershipProvider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
  async diff(_id, olds, news) {
    const changes = olds.applied !== news.wanted || (await leftBegun(news.seats)).includes(WORK);
    return { changes };
  },
  async create(inputs) {
    const id = digest(inputs.wanted);
    return { id, outs: await reconcile(id, inputs) };
  },
  update: async (id, _olds, news) => ({ outs: await reconcile(id, news) }),
};
