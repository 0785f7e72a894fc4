import type { Decision } from "../model";
import { type History, isChange, rowOf, slim, SPAN } from "./wire";

/** Decisions that changed something and are shown: the newest. A day has some tens. */
const MOST_CHANGES = 300;

/**
 * The decisions of the last day, without their looks: what the log has of them is a hundred times as long, and is not read
 * again for every page that opens.
 */
export class Timeline {
  private kept: Decision[] = [];

  constructor(decisions: Decision[]) {
    for (const decision of decisions) this.add(decision);
  }

  /** Takes the newest decision; one that it has already is not taken again. */
  add(decision: Decision): void {
    const newest = this.kept.at(-1)?.at ?? 0;
    if (decision.at <= newest) return;
    this.kept.push(slim(decision));
    const first = this.kept.findIndex((d) => d.at > decision.at - SPAN);
    if (first > 0) this.kept.splice(0, first);
  }

  /** Looks after this time, ms since 1970. */
  since(at: number): History {
    const decisions = this.kept.filter((d) => d.at > at);
    return {
      rows: decisions.map(rowOf),
      changes: decisions.filter(isChange).slice(-MOST_CHANGES),
    };
  }

  /** The decision that held at a time: the last one until then, else the first. */
  at(time: number): Decision | undefined {
    return this.kept.findLast((d) => d.at <= time) ?? this.kept[0];
  }
}
