/** Made situations: what a look saw when web nodes were so and so loaded. */
import { autoscalerSchema, type AutoscalerConfig } from "../../../components/web/autoscaler";
import { emptyMemory } from "../../../autoscaler/decide";
import type { Situation } from "../../../autoscaler/decide/situation";
import type { Look, Memory } from "../../../autoscaler/model";

/** A Wednesday, 10:00 in Seoul. */
export const NOW = Date.parse("2026-11-25T01:00:00Z");

export const settings = (more: unknown = {}): AutoscalerConfig => autoscalerSchema.parse(more);

export interface Seen {
  /** Sessions of each node; the node is drained when it is negative. */
  sessions: number[];
  queue?: number;
  /** The same for all serving nodes; undefined: not read. */
  cpu?: number | undefined;
  backend?: string;
}

/** A look with web1, web2, … in one backend, or in several. */
export function look(at: number, ...seen: Seen[]): Look {
  const cpu = seen[0] && "cpu" in seen[0] ? seen[0].cpu : 0.1;
  const machines = (seen[0]?.sessions ?? []).flatMap((n, i) => (n < 0 ? [] : `web${i + 1}`));
  return {
    at,
    proxies: { haproxy1: undefined, haproxy2: undefined },
    backends: seen.map(({ sessions, queue = 0, backend = "auth" }) => ({
      backend,
      servers: sessions.map((n, i) => ({
        machine: `web${i + 1}`,
        serving: n >= 0,
        sessions: Math.max(0, n),
      })),
      queue,
      rate: 10,
      responseMs: 20,
      at,
    })),
    cpu: cpu === undefined ? {} : Object.fromEntries(machines.map((m) => [m, { value: cpu, at }])),
  };
}

/** So many nodes with so many sessions each. */
export const each = (n: number, sessions: number): number[] => Array<number>(n).fill(sessions);

/** Sizes asked for at every look of the last six minutes: a window that is covered. */
export const asked = (size: number, now = NOW): Memory["asked"] =>
  [360, 330, 300, 270, 240, 210, 180, 150, 120, 90, 60, 30].map((s) => ({
    at: now - s * 1000,
    size,
  }));

export const situation = (more: Partial<Situation> & Pick<Situation, "look">): Situation => ({
  now: more.look.at,
  size: more.look.backends[0]?.servers.length ?? 2,
  limits: { min: 2, max: 10 },
  settings: settings(),
  memory: emptyMemory(),
  ...more,
});
