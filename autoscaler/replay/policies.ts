import type { AutoscalerConfig } from "../../components/web/autoscaler";
import { decide, emptyMemory } from "../decide";
import type { Look } from "../model";

/** What a policy gets to see. */
export interface Seen {
  /** ms since 1970. */
  now: number;
  serving: number;
  /** With those that are being made. */
  size: number;
  /** For each serving node. */
  sessions: number;
  /** Requests that wait. */
  queue: number;
  /** Busy share of the serving nodes' processors. */
  cpu: number;
  /** Since when an update runs, ms since 1970. */
  update: number | undefined;
}

/** Something that chooses the size of the pool. */
export interface Policy {
  name: string;
  /** The size that it wants; nothing comes of it while an update runs. */
  want(seen: Seen): number;
}

export interface Limits {
  min: number;
  max: number;
}

/** This autoscaler, as it decides. */
export function ours(name: string, limits: Limits, settings: AutoscalerConfig): Policy {
  let memory = emptyMemory();
  return {
    name,
    want(seen) {
      const { now, size, update } = seen;
      const situation = { now, look: lookOf(seen), size, limits, settings, memory };
      const next = decide({
        ...situation,
        ...(update !== undefined && { update: { since: update } }),
      });
      ({ memory } = next);
      return next.decision.target;
    },
  };
}

export const fixed = (n: number): Policy => ({
  name: `fixed pool of ${n}`,
  want: () => n,
});

/** The owner's figures as they are written: one more above any of them, one less below the last, at each look. */
export function thresholds({ min, max }: Limits, { goals, scaleIn }: AutoscalerConfig): Policy {
  return {
    name: "the thresholds as written, +1 and -1",
    want({ size, sessions, queue, cpu }) {
      if (sessions > goals.connections || queue > goals.queue || cpu > goals.cpu) {
        return Math.min(max, size + 1);
      }
      return sessions < scaleIn.connections ? Math.max(min, size - 1) : size;
    },
  };
}

/**
 * The rule of Kubernetes' Horizontal Pod Autoscaler as it is by default, with the same goals for sessions and processors: the
 * ratio to the goal rounded up, a tolerance of 0.1, at a look at most twice as many or four more, and for scale-in the
 * largest recommendation of 300 s.
 */
export function hpa({ min, max }: Limits, { goals }: AutoscalerConfig): Policy {
  let recommended: { at: number; size: number }[] = [];
  const wants = (seen: Seen, value: number, goal: number): number =>
    Math.abs(value / goal - 1) <= 0.1 ? seen.size : Math.ceil((seen.serving * value) / goal);
  return {
    name: "the rule of Kubernetes' HPA",
    want(seen) {
      const { now, size } = seen;
      // What waits are sessions that the nodes would have.
      const sessions = seen.sessions + seen.queue / seen.serving;
      const raw = Math.max(
        wants(seen, sessions, goals.connections),
        wants(seen, seen.cpu, goals.cpu),
      );
      const clamped = Math.min(Math.max(raw, min), max);
      recommended = [...recommended, { at: now, size: clamped }].filter(
        ({ at }) => at > now - 300_000,
      );
      if (clamped > size) return Math.min(clamped, Math.max(2 * size, size + 4));
      return Math.min(size, Math.max(...recommended.map((r) => r.size)));
    },
  };
}

/** The same as a look. */
function lookOf({ now, serving, size, sessions, queue, cpu }: Seen): Look {
  const names = Array.from({ length: size }, (_, i) => `web${i + 1}`);
  const servers = names.map((machine, i) => ({
    machine,
    serving: i < serving,
    sessions: i < serving ? sessions : 0,
  }));
  return {
    at: now,
    proxies: {},
    backends: [{ backend: "web", servers, queue, rate: 0, responseMs: 0, at: now }],
    cpu: Object.fromEntries(names.slice(0, serving).map((m) => [m, { value: cpu, at: now }])),
  };
}
