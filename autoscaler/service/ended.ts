import type { Memory } from "../model";
import type { Result } from "../updates";
import type { State, Trouble } from "./state";

/** After a lock of somebody else's, s: so long, and up to as long again by chance, so that two who wait do not meet. */
const LOCKED_SECONDS = 15;
/** After the first failure, s; twice as long after each further one, but for the most. */
const FAILED_SECONDS = 60;
const FAILED_MOST = 900;
/** A clone becomes up to date by a person. */
const OUTDATED_SECONDS = 300;

type Past = Pick<Memory, "removals" | "changed">;

/** What a change alters in the memory; kept in case that there was none. */
export const pastOf = ({ removals, changed }: Memory): Past => ({
  removals,
  ...(changed !== undefined && { changed }),
});

/** The memory as if there had been no change. */
export const undone = (memory: Memory, past: Past): Memory => ({
  ...without(memory, "changed"),
  ...past,
});

/** The state when an update that was to begin has not, and nobody knows of it. Pure. */
export function neverBegun(state: State): State {
  const { update, memory } = state;
  return update ? { ...without(state, "update"), memory: undone(memory, update.undo) } : state;
}

/** The state after an update. Pure. @param chance 0 to 1 */
export function ended(state: State, result: Result, chance: number): State {
  const { ok, kind = "failed" } = result;
  if (ok) return done(state, result);
  if (kind === "failed" || kind === "timeout") return failed(state, result);
  const seconds = kind === "locked" ? LOCKED_SECONDS * (1 + chance) : OUTDATED_SECONDS;
  return {
    ...neverBegun(state),
    rest: result.at + seconds * 1000,
    troubles: {
      ...without(state.troubles, "locked", "outdated"),
      ...trouble(state, kind, result),
    },
  };
}

/** Who is in the pool now serves, as the runner has seen. */
function done(state: State, { at, pool }: Result): State {
  const replaced = Object.entries(state.memory.replaced).filter(([name]) => !pool.includes(name));
  return {
    ...without(state, "update", "rest"),
    memory: { ...state.memory, replaced: Object.fromEntries(replaced), changed: at },
    again: false,
    failures: 0,
    sick: [],
    troubles: without(state.troubles, "failed", "locked", "outdated", "sickAgain"),
  };
}

/**
 * A new node that did not become healthy is replaced, and nobody told yet; one that stands in another's place stays, is tried
 * again, and told. Only new ones: what befalls the others is no matter of scaling, and may befall all of them.
 */
function failed(state: State, result: Result): State {
  const { memory, update } = state;
  const { at, sick = [] } = result;
  const made = sick.filter((name) => update !== undefined && !update.from.includes(name));
  const once = made.filter((name) => memory.replaced[name] === undefined);
  const twice = made.filter((name) => memory.replaced[name] !== undefined);
  const failures = state.failures + 1;
  const pause = Math.min(FAILED_MOST, FAILED_SECONDS * 2 ** (failures - 1));
  const why = `${twice.join(", ")} in its place did not become healthy either`;
  return {
    ...without(state, "update", "rest"),
    memory: { ...memory, changed: at },
    again: true,
    failures,
    sick: once,
    // Another machine in a sick one's place is no repetition, and need not wait.
    ...(once.length === 0 && { rest: at + pause * 1000 }),
    troubles: {
      ...without(state.troubles, "locked", "outdated"),
      ...(once.length === 0 && trouble(state, "failed", result)),
      ...(twice.length > 0 && trouble(state, "sickAgain", { at, why })),
    },
  };
}

/** Since when, which is when it began. */
const trouble = (
  { troubles }: State,
  name: Trouble,
  { at, why = "no reason was given" }: Pick<Result, "at" | "why">,
): State["troubles"] => ({ [name]: { since: troubles[name]?.since ?? at, why } });

function without<T extends object, K extends keyof T>(value: T, ...keys: K[]): Omit<T, K> {
  const left = Object.entries(value).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(left) as Omit<T, K>;
}
