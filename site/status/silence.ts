import { LATE_MARK } from "../../components/look";
import type { Patience, Reply } from "./ask";

/** What is known of a machine by what it said, or did not say. */
export interface Answer {
  machine: Reply["machine"];
  text: string;
  /**
   * Why something is missing. cut: it was not done in time; late: it said nothing, but is there, or nobody can tell;
   * dead: it is off, frozen or cut off. Default: nothing is.
   */
  missing?: "cut" | "late" | "dead";
}

/** The slowest machine of a site that is not busy has said its first word by then, s; here it takes 0.5. */
const QUICK = 1.7;

/** Whether a machine did not say all that it was asked. */
export const isUnsure = ({ end, text }: Reply): boolean =>
  end !== "done" || text.includes(LATE_MARK);

/** Those who said anything. */
const slowest = (replies: Reply[]) => Math.max(...replies.map((r) => r.seconds ?? -Infinity));
const someSpoke = (replies: Reply[]) => replies.some((r) => r.seconds !== undefined);
const areQuick = (replies: Reply[]) => someSpoke(replies) && slowest(replies) <= QUICK;

/**
 * How long those that are asked again are waited for. Where the others were quick: twice as long as the slowest of them
 * needed, and as long as a new connection takes, with spare; where they were not: as long as a person bears.
 */
export const patienceAgain = (first: Reply[]): Patience => ({
  ...(areQuick(first)
    ? { first: Math.max(1.5, 2 * slowest(first)), least: 1 }
    : { first: 5, least: 2 }),
  factor: 2,
  most: 8,
  each: 3,
});

/**
 * Tells those that are dead from those that are busy. Silence is death only where nothing else is slow: on a machine
 * that greets programs run, and where others are slow this one may only be slower. A definite no is death anyway.
 * @param first replies of all machines
 * @param again replies of those that were asked once more; none, where there was no second question
 */
export function settle(first: Reply[], again: Reply[] = []): Answer[] {
  const busy = again.some((reply) => {
    const before = first.find((f) => f.machine.name === reply.machine.name);
    return (
      reply.seconds !== undefined && before?.seconds === undefined && before?.end !== "refused"
    );
  });
  const quick = areQuick(first) && !busy;
  const nobody = !someSpoke([...first, ...again]);
  return first.map((before): Answer => {
    const after = again.find((a) => a.machine.name === before.machine.name);
    const { machine, text, end } = after && worth(after) >= worth(before) ? after : before;
    if (end === "done") return { machine, text };
    if (end === "cut") return { machine, text, missing: "cut" };
    const dead =
      end === "refused" ||
      (quick && end !== "greeted") ||
      // No way to any of them: their network is not there.
      (nobody && end === "unreachable");
    return { machine, text: "", missing: dead ? "dead" : "late" };
  });
}

/** The more of two replies of a machine is said, the better; of two that say as much the newer one counts. */
const worth = (reply: Reply): number =>
  reply.end === "done" ? (isUnsure(reply) ? 2 : 3) : reply.end === "cut" ? 1 : 0;
