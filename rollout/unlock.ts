/** The lock of a site seen from outside: who has it, and how it is taken away. */
import { type Holder, HOLDER_FILE, LOCK_FILE } from "./lock";

/** Shell text: whether the process `$pid` is a keeper that has the lock, and no other that has its number by now. */
const IS_KEEPER = `[ "$(cat /proc/$pid/comm)" = bash ] && [ "$(readlink /proc/$pid/fd/9)" = ${LOCK_FILE} ]`;

/** Shell text for a seat: what readHolder reads, where the lock is held; nothing where it is not. */
export const LOOK_FOR_HOLDER = `pid=$(head -n 1 ${HOLDER_FILE} 2>/dev/null) && ${IS_KEEPER} && cat ${HOLDER_FILE}; true`;

/** Shell text for a seat: ends this keeper, and the lock with it. */
export const endKeeper = (pid: number): string => `pid=${pid}; if ${IS_KEEPER}; then kill $pid; fi`;

/** "root@admin1 (process 7), for 12 min (since 2026-11-26T15:30:41.000Z): pulumi up". */
export function describeHolder({ who, since, what }: Holder, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(since)) / 60_000);
  const long =
    minutes < 1
      ? "less than a minute"
      : minutes < 120
        ? `${minutes} min`
        : `${Math.floor(minutes / 60)} h`;
  return `${who}, for ${long} (since ${since}): ${what}`;
}
