/** The time as it passes: what tests put another one in the place of. */
export interface Clock {
  /** s since some moment */
  now(): number;
  pause(seconds: number): Promise<void>;
}

/** What was waited for did not happen in time. */
export class NotWithin extends Error {}

/** A value that is told later. */
export function later<T>(): [value: Promise<T>, tell: (value: T) => void] {
  let tell!: (value: T) => void;
  return [new Promise((resolve) => (tell = resolve)), tell];
}

export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const CLOCK: Clock = { now: () => Date.now() / 1000, pause };

/**
 * Waits until a question is answered with something else than undefined or false.
 * @param what it waits for; asked for it when it gives up, where that depends on the last answer
 * @param seconds longest wait; at least one question is asked
 * @param every pause between an answer and the next question, s
 * @throws NotWithin that names `what`, when it takes longer; what a question throws comes through
 */
export async function until<T>(
  what: string | (() => string),
  seconds: number,
  ask: () => Promise<T | undefined | false>,
  every = 0.5,
  clock = CLOCK,
): Promise<T> {
  const end = clock.now() + seconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (clock.now() > end) {
      throw new NotWithin(`not within ${seconds} s: ${typeof what === "string" ? what : what()}`);
    }
    await clock.pause(every);
  }
}
