import type { Brake, Decision, Memory, Vote } from "../model";
import { budget, cooldown, remember, window } from "./brakes";
import { connections } from "./connections";
import { cpu } from "./cpu";
import { queue } from "./queue";
import { type Level, levelAt, scheduleVote } from "./schedule";
import { freshBackends, missingMetrics, servingEverywhere, type Situation } from "./situation";

export const emptyMemory = (): Memory => ({ asked: [], removals: [], replaced: {} });

/** What the rules ask for together. */
interface Wish {
  /** By load alone. */
  load: number;
  /** With the schedule. */
  wanted: number;
  level: Level | undefined;
  missing: string[];
  /** Within the scale-in window. */
  asked: Memory["asked"];
}

/** What the pool is to be now, and why. Pure: the same situation gives the same decision. */
export function decide(before: Situation): { decision: Decision; memory: Memory } {
  const s = { ...before, memory: current(before) };
  const { now, look, size, settings } = s;
  const missing = missingMetrics(s);
  const level = levelAt(now, settings);
  const byLoad = [connections(s), queue(s), cpu(s)];
  const asks = byLoad.flatMap((vote) => vote.wanted ?? []);
  // A rule whose numbers are there may still ask for more; for less, only all of them together.
  const load = Math.max(...asks, ...(missing.length > 0 || asks.length === 0 ? [size] : []));
  const wanted = level?.size ?? Math.max(load, level?.floor ?? 0);
  const wish: Wish = { load, wanted, level, missing, asked: remember(s, wanted) };
  const { target, brakes } = settle(s, wish);
  const vote = scheduleVote(level);
  const votes = [...byLoad, ...(vote ? [vote] : [])];
  const tolerated = byLoad.some((v) => inBand(v, size, settings.goals.tolerance));
  const decision: Decision = {
    at: now,
    size,
    serving: servingEverywhere(look).length,
    wanted,
    target,
    votes,
    brakes: [...brakes, ...(tolerated ? [{ brake: "tolerance" } as const] : [])],
    look,
  };
  return { decision, memory: after(s, wish, target) };
}

/** The memory as this look finds it: what is over is gone, what has begun is there. */
function current({ now, look, size, memory, update, ...rest }: Situation): Memory {
  const { hold, short, ...others } = memory;
  const seen = freshBackends({ now, look, size, memory, ...rest }).length > 0;
  const isShort = seen ? servingEverywhere(look).length < size : short !== undefined;
  return {
    ...others,
    ...(hold && hold.until > now && { hold }),
    ...(isShort && update === undefined && { short: short ?? now }),
  };
}

/** The size, after everything that holds it back. */
function settle(
  s: Situation,
  { load, wanted, level, missing, asked }: Wish,
): { target: number; brakes: Brake[] } {
  const { now, size, limits, memory, update, rest = 0 } = s;
  const { hold, paused } = memory;
  const clamp = (n: number): number => Math.min(Math.max(n, limits.min), limits.max);
  const brakes: Brake[] = missing.length > 0 ? [{ brake: "metrics", missing }] : [];
  if (update) brakes.push({ brake: "update", since: update.since });
  if (paused) brakes.push({ brake: "paused" });
  if (hold) brakes.push({ brake: "hold", size: hold.size, until: hold.until });
  if (rest > now) brakes.push({ brake: "cooldown", until: rest });
  if (update || paused || rest > now) return { target: size, brakes };
  if (hold) return { target: clamp(hold.size), brakes };

  const limit = level?.floor ?? level?.size;
  if (limit !== undefined && limit === wanted && limit !== load) {
    const until = level?.until;
    brakes.push({ brake: "schedule", limit, ...(until !== undefined && { until }) });
  }
  if (wanted > limits.max) brakes.push({ brake: "maximum", limit: limits.max });
  if (wanted < limits.min) brakes.push({ brake: "minimum", limit: limits.min });

  const calm = cooldown(s);
  if (clamp(wanted) > size) {
    // Overload does not wait, and neither does a pool that is smaller than it may be.
    const urgent = clamp(load) > size || size < limits.min;
    if (urgent || !calm) return { target: clamp(wanted), brakes };
    return { target: size, brakes: [...brakes, calm] };
  }
  if (clamp(wanted) === size || missing.length > 0) return { target: size, brakes };
  // Neither a fixed size of the schedule nor a lowered maximum asks what the load was.
  const ordered = level?.size ?? (size > limits.max ? limits.max : undefined);
  const seen = window(s, asked);
  const held = [
    ...(calm ? [calm] : []),
    ...(ordered === undefined && seen.brake ? [seen.brake] : []),
  ];
  const { left, next } = budget(s);
  const goal = clamp(ordered ?? seen.most);
  const target = held.length > 0 ? size : Math.max(goal, size - left);
  // Of a budget that is not used up there is nothing to say while something else holds the size.
  if (goal < target && (held.length === 0 || left === 0))
    held.push({ brake: "budget", until: next });
  return { target, brakes: [...brakes, ...held] };
}

/** A little above its goal: not worth a change. */
const inBand = (
  { rule, wanted = 0, value = 0, goal = 0 }: Vote,
  size: number,
  band: number,
): boolean => rule !== "queue" && wanted <= size && value > goal && value <= goal * (1 + band);

/** What the next decision needs to know of this one. */
function after(s: Situation, { load, missing, asked }: Wish, target: number): Memory {
  const { now, size, limits } = s;
  const { saturated, missing: since, changed, ...memory } = s.memory;
  const full =
    size >= limits.max && (load > limits.max || (missing.length > 0 && saturated !== undefined));
  return {
    ...memory,
    asked,
    removals: [...budget(s).removals, ...Array<number>(Math.max(0, size - target)).fill(now)],
    ...(target === size ? changed !== undefined && { changed } : { changed: now }),
    ...(full && { saturated: saturated ?? now }),
    ...(missing.length > 0 && { missing: since ?? now }),
  };
}
