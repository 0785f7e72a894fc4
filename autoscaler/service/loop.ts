import type { Service } from "./service";

/** The end of an update is seen within this time, ms. */
const GLANCE = 2000;

/**
 * A look every `everySeconds`, from one's begin to the next one's; sooner after an order, and when an update has ended.
 * @returns after the signal, when the look that was going on is done
 */
export async function loop(service: Service, signal: AbortSignal): Promise<void> {
  let end = (): void => undefined;
  let woken = false;
  const wake = (): void => {
    woken = true;
    end();
  };
  service.onOrder = wake;
  signal.addEventListener("abort", wake);
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  while (!signal.aborted) {
    woken = false;
    const next = Date.now() + service.settings.config.everySeconds * 1000;
    await service.look();
    const busy = service.updating;
    for (;;) {
      const left = next - Date.now();
      if (woken || left <= 0 || (busy && !service.updating)) break;
      await pause(busy ? Math.min(GLANCE, left) : left);
    }
  }
}
