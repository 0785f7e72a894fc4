import type { Policy } from "./policies";
import type { Moment } from "./trace";

/** What a policy cost, and what it was worth. */
export interface Outcome {
  name: string;
  /** Nodes that there were, those that were being made included, times hours. */
  serverHours: number;
  /** Minutes in which requests waited because every node had as many as it takes. */
  overloadMinutes: number;
  /** How often the size was changed. */
  changes: number;
}

/** How the site behaves, the same for every policy. */
export interface Model {
  /** Between two looks, s. */
  everySeconds: number;
  /** From the decision to the first request of a new node, s: the owner's limit for one is 60. */
  makeSeconds: number;
  /** From the decision until a node is gone, s: as docs/measured.md has it. It gets no requests from the beginning. */
  removeSeconds: number;
  /** What a node serves at the same time; what is more waits. */
  capacity: number;
}

export const MODEL: Model = {
  everySeconds: 30,
  makeSeconds: 60,
  removeSeconds: 9,
  capacity: 600,
};

/** Of the simulated time, s. */
const STEP = 1;

/** Plays a day against a policy. There is one update at a time, as a site has it. @param begin size at the beginning */
export function play(trace: Moment[], policy: Policy, begin: number, model = MODEL): Outcome {
  const [from, to] = [trace[0]?.at ?? 0, trace.at(-1)?.at ?? 0];
  let [size, serving] = [begin, begin];
  let update: { since: number; ends: number } | undefined;
  const sums = { serverHours: 0, overloadMinutes: 0, changes: 0 };
  let i = 0;
  for (let now = from; now < to; now += STEP * 1000) {
    while ((trace[i + 1]?.at ?? Infinity) <= now) i++;
    if (update && update.ends <= now) [update, serving] = [undefined, size];
    const { sessions, busy } = trace[i] ?? { sessions: 0, busy: 0 };
    const queue = Math.max(0, sessions - serving * model.capacity);
    if (queue > 0) sums.overloadMinutes += STEP / 60;
    sums.serverHours += (size * STEP) / 3600;
    if ((now - from) % (model.everySeconds * 1000) !== 0) continue;
    const wanted = policy.want({
      now,
      serving,
      size,
      sessions: (sessions - queue) / serving,
      queue,
      cpu: Math.min(1, busy / serving),
      update: update?.since,
    });
    if (wanted === size || update) continue;
    const seconds = wanted > size ? model.makeSeconds : model.removeSeconds;
    update = { since: now, ends: now + seconds * 1000 };
    size = wanted;
    serving = Math.min(serving, size);
    sums.changes++;
  }
  return { name: policy.name, ...sums };
}
