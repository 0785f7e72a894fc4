import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../../lib/hash";
import { until } from "../../lib/wait";
import type { Seat } from "../../rollout/lock";
import { once, siteLock, unfinished } from "../providerProcess";
import { describeStep, planAccounts, type Step } from "../slurm/accountPlan";
import type { Accounting } from "../slurm/accounting";
import type { Accounts } from "../slurm/accounts";
import { firstLine, jobsIn, lookAtAccounting, type Refusal, takeSteps } from "./sacctmgr";

interface Inputs {
  /** Stands for all that is wanted. */
  wanted: string;
  /** It, as JSON; "": nothing is. */
  request: string;
  controllers: Seat[];
  /** Where the site's lock is kept. */
  seats: Seat[];
}
interface State {
  /** What is there; "" after a failure. */
  applied: string;
  /** What was done, and what was left, in words. */
  summary: string;
}
interface Request {
  clusterName: string;
  accounts: Accounts;
}

/** Longest wait for slurmdbd to answer, and for the slurmctld of a new cluster to tell it of that when it starts, s. */
const KNOWN_SECONDS = 60;
const KNOWN_PAUSE = 2;
/** Steps that are told one by one. */
const TOLD = 40;

const requestOf = ({ request }: Inputs): Request | undefined =>
  request === "" ? undefined : (JSON.parse(request) as Request);

/** Says what sacctmgr would be told. */
async function tell(steps: Step[], wanted: string): Promise<void> {
  await once(`accounts ${wanted}`, () => {
    const more = steps.length > TOLD ? [`and ${steps.length - TOLD} more`] : [];
    const lines = [
      ...steps.slice(0, TOLD).map((step) => `sacctmgr ${describeStep(step)}`),
      ...more,
    ];
    console.error(`slurm.accounts: to be told to slurmdbd:\n  ${lines.join("\n  ")}`);
  });
}

/** @returns what was done, in words */
async function apply(news: Inputs): Promise<string> {
  const request = requestOf(news);
  if (request === undefined) return "";
  const { clusterName, accounts } = request;
  const { signal } = await siteLock(news.seats);
  let why = "";
  const known = () =>
    until(
      () => why,
      KNOWN_SECONDS,
      async () => {
        try {
          const { seat, accounting } = await lookAtAccounting(news.controllers, clusterName);
          why = `slurmdbd does not know the cluster ${clusterName}`;
          return accounting && { seat, accounting };
        } catch (error) {
          why = (error as Error).message;
          return undefined;
        }
      },
      KNOWN_PAUSE,
    );
  const plan = (now: Accounting) => planAccounts(clusterName, accounts, now);
  const { seat, accounting } = await known();
  const steps = plan(accounting);
  const refused = await takeSteps(seat, steps, signal);
  const left = steps.length === 0 ? [] : plan((await known()).accounting);
  return summarise(steps.length, refused, left);
}

/**
 * @param left steps that another look found
 * @throws Error when one of them is not for jobs of its own
 */
function summarise(done: number, refused: Refusal[], left: Step[]): string {
  const kept = new Map(
    refused.flatMap(({ step, said }) => {
      const jobs = jobsIn(said);
      return step.removes !== undefined && jobs.length > 0 ? [[step.removes, jobs] as const] : [];
    }),
  );
  const open = left.filter(({ removes }) => removes === undefined || !kept.has(removes));
  const [first] = open;
  if (first) {
    const why = refused.find(({ step }) => !kept.has(step.removes ?? ""));
    const what = why ? `${describeStep(why.step)}: ${firstLine(why.said)}` : describeStep(first);
    throw new Error(`slurm.accounts: not done, and ${open.length - 1} more: sacctmgr ${what}`);
  }
  const stays = [...kept].map(([what, jobs]) => `${what} (${jobs.join(", ")})`);
  const words = stays.length === 0 ? "" : `; stay until their jobs have ended: ${stays.join("; ")}`;
  return `changes: ${done - kept.size}${words}`;
}

async function update(id: string, news: Inputs & { __provider?: unknown }): Promise<State> {
  try {
    const summary = await apply(news);
    if (summary !== "") console.error(`slurm.accounts: ${summary}`);
    return { applied: news.wanted, summary };
  } catch (error) {
    const left = { applied: "", summary: "", __provider: news.__provider };
    throw unfinished(id, (error as Error).message, left);
  }
}

export const accountsProvider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
  async diff(_id, olds, news) {
    const changed = olds.applied !== news.wanted;
    const request = requestOf(news);
    // A preview of machines that are still to be made does not know them.
    if (request === undefined || !Array.isArray(news.controllers)) return { changes: changed };
    const { clusterName, accounts } = request;
    // Who cannot be asked is no change: what is wanted was there when it could be asked last.
    const now = await lookAtAccounting(news.controllers, clusterName).catch(
      async (error: Error) => {
        await once("accounts are unknown", () => console.error(`slurm.accounts: ${error.message}`));
        return undefined;
      },
    );
    const steps = now?.accounting ? planAccounts(clusterName, accounts, now.accounting) : [];
    if (steps.length > 0) await tell(steps, news.wanted);
    return { changes: changed || steps.length > 0 };
  },
  create: async (inputs) => {
    const id = digest(inputs.wanted);
    return { id, outs: await update(id, inputs) };
  },
  update: async (id, _olds, news) => ({ outs: await update(id, news) }),
};
