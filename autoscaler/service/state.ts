import * as fs from "node:fs";
import { writeWhole } from "../../lib/wholeFile";
import { emptyMemory } from "../decide";
import type { Memory } from "../model";

/** What an alert is about, for as long as it lasts. */
export type Trouble =
  /** An update failed, or could not be begun. */
  | "failed"
  /** Another update holds the site. */
  | "locked"
  /** The clone is not the one with which the site was last updated. */
  | "outdated"
  /** A web node that was made in another's place is sick as well. */
  | "sickAgain"
  /** A look could not be done, or not be written down. */
  | "look"
  /** The stack's state cannot be read. */
  | "settings"
  /** The timer could not build a new image of new machines. */
  | "image"
  /** Fewer machines serve than there should. */
  | "redundancy";

/** What the service knows, over a restart. */
export interface State {
  memory: Memory;
  /** The update that was begun last, until its result is known. */
  update?: {
    /** ms since 1970. */
    at: number;
    /** The pool before and after. */
    from: string[];
    to: string[];
    /** What the memory was, in case that nothing was changed. */
    undo: Pick<Memory, "removals" | "changed">;
  };
  /** No update before, ms since 1970. */
  rest?: number;
  /** The last update did not end well: it is done again, also when the size is right. */
  again: boolean;
  /** Updates that failed in a row. */
  failures: number;
  /** New web nodes that did not become healthy, and leave the pool with the next update. */
  sick: string[];
  troubles: Partial<Record<Trouble, { since: number; why: string }>>;
}

export const emptyState = (): State => ({
  memory: emptyMemory(),
  again: false,
  failures: 0,
  sick: [],
  troubles: {},
});

/** Keeps the state: what tests put another one in the place of. */
export interface StateStore {
  read(): State;
  /** It is on the disk when this returns. @throws Error when it cannot be */
  write(state: State): void;
}

/** In a file (0600) that is whole at every moment. */
export const stateFile = (file: string): StateStore => ({
  read() {
    try {
      return { ...emptyState(), ...(JSON.parse(fs.readFileSync(file, "utf8")) as Partial<State>) };
    } catch {
      // None yet, or none that can be read: windows begin anew, so nothing is taken away too early.
      return emptyState();
    }
  },
  write: (state) => writeWhole(file, JSON.stringify(state)),
});
