import { sshArguments } from "../lib/ssh";
import { holderHere, type Seat, type SiteLock, takeLock } from "../rollout/lock";
import type { Context } from "./command";

/** Tier on whose machines the lock of a site is kept: one of them is always up. */
export const SEATS = "entry";

const lockSeats = ({ outputs }: Pick<Context, "outputs">): Seat[] =>
  Object.entries(outputs.addresses[SEATS] ?? {}).map(([machine, address]) => ({
    machine,
    ssh: ["ssh", ...sshArguments(outputs.ssh, address)],
  }));

/**
 * Does what only one at a time may do to a site.
 * @param what the command, for who finds the site locked
 * @throws Error that names the holder, when somebody else has the lock
 */
export async function lockedSite<T>(
  context: Pick<Context, "outputs">,
  what: string,
  work: (lock: SiteLock) => Promise<T>,
): Promise<T> {
  const lock = await takeLock(lockSeats(context), holderHere(process.pid, what));
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}
