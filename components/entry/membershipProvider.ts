import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../../lib/hash";
import type { Seat } from "../../rollout/lock";
import { inTurn, runProgram, siteLock, unfinished } from "../providerProcess";

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
    const { signal } = await siteLock(news.seats);
    const work = () => runProgram("programs/membership.ts", news.request, signal);
    return { applied: news.wanted, summary: (await inTurn(work)).trim() };
  } catch (error) {
    const left = { applied: "", summary: "", __provider: news.__provider };
    throw unfinished(id, (error as Error).message, left);
  }
}

export const membershipProvider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
  diff: (_id, olds, news) => Promise.resolve({ changes: olds.applied !== news.wanted }),
  async create(inputs) {
    const id = digest(inputs.wanted);
    return { id, outs: await reconcile(id, inputs) };
  },
  update: async (id, _olds, news) => ({ outs: await reconcile(id, news) }),
};
