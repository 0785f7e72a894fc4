/**
 * Waits until a question is answered with something else than undefined or false.
 * @param seconds longest wait; at least one question is asked
 * @param every pause between an answer and the next question, s
 * @throws Error that names `what`, when it takes longer; what a question throws comes through
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false>,
  every = 0.5,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(every);
  }
}

export const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
