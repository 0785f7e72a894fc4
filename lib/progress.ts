import pc from "picocolors";

/** Shows one line to a person. */
export type Progress = (text: string) => void;

/** How often a long step says that it is still at work, ms. */
const REMINDER = 20_000;

/** Seconds since `start` (ms since 1970) in words. */
export const elapsed = (start: number): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;

/** Runs one step; says what it is, that it goes on, and how long it took. */
export async function step<T>(
  what: string,
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const start = Date.now();
  progress(`${pc.bold("▶")} ${what}`);
  const reminder = setInterval(
    () => progress(pc.dim(`  … ${what}: ${elapsed(start)} so far`)),
    REMINDER,
  );
  try {
    const result = await work();
    progress(`${pc.green("✔")} ${what} (${elapsed(start)})`);
    return result;
  } catch (error) {
    progress(`${pc.red("✖")} ${what} (after ${elapsed(start)})`);
    throw error;
  } finally {
    clearInterval(reminder);
  }
}
