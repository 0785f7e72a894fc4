import type { Brake, Memory } from "../model";
import type { Situation } from "./situation";

type Asked = Memory["asked"];

/** Looks that may be missed, at least, before nothing is known of the time between. */
const MISSED_LOOKS = 3;

/**
 * The sizes asked for with the newest one, back to the one that was asked for when the window began. After a gap nothing is known of
 * the time in it, and the window begins anew.
 */
export function remember(s: Situation, size: number): Asked {
  const { now, settings } = s;
  const begin = now - settings.scaleIn.windowSeconds * 1000;
  const last = s.memory.asked.at(-1);
  const gap = Math.max(settings.staleSeconds, MISSED_LOOKS * settings.everySeconds) * 1000;
  const known = last && now - last.at <= gap ? s.memory.asked : [];
  const all = [...known, { at: now, size }];
  const first = all.findLastIndex(({ at }) => at <= begin);
  return all.slice(Math.max(0, first));
}

/** The largest size that was asked for in the window, and until when it keeps the pool from being smaller than it is. */
export function window(
  { now, size, settings }: Situation,
  asked: Asked,
): { most: number; brake?: Brake } {
  const length = settings.scaleIn.windowSeconds * 1000;
  const most = Math.max(...asked.map((a) => a.size));
  const covered = (asked[0]?.at ?? now) + length;
  // A size holds from its look to the next.
  const against = asked.findLastIndex((a) => a.size >= size);
  const over = against === -1 ? 0 : (asked[against + 1]?.at ?? now) + length;
  const until = Math.max(covered, over);
  return until > now ? { most, brake: { brake: "window", until } } : { most };
}

/** How many nodes may still be removed now, and when the next one may be. */
export function budget({ now, settings, memory }: Situation): {
  left: number;
  removals: number[];
  next: number;
} {
  const { nodes, perSeconds } = settings.scaleIn;
  const removals = memory.removals.filter((at) => now - at < perSeconds * 1000);
  const next = (removals[0] ?? now) + perSeconds * 1000;
  return { left: Math.max(0, nodes - removals.length), removals, next };
}

export function cooldown({ now, settings, memory }: Situation): Brake | undefined {
  const until = (memory.changed ?? -Infinity) + settings.cooldownSeconds * 1000;
  return until > now ? { brake: "cooldown", until } : undefined;
}
