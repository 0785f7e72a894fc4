import { vi } from "vitest";

/** Does what waits for nothing but a clock, whose pauses then take no time. */
export async function inNoTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers();
  try {
    let runs = true;
    const done = work().finally(() => (runs = false));
    // It is for the caller, once the clock is the true one again.
    done.catch(() => undefined);
    while (runs) await vi.advanceTimersByTimeAsync(100);
    return await done;
  } finally {
    vi.useRealTimers();
  }
}
