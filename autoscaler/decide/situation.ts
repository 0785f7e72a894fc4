import type { AutoscalerConfig } from "../../components/web/autoscaler";
import type { BackendLoad, Look, Memory } from "../model";

/** All that a decision is made from. */
export interface Situation {
  /** ms since 1970. */
  now: number;
  look: Look;
  /** Nodes in the pool, those that are being made included: they count once. */
  size: number;
  limits: { min: number; max: number };
  settings: AutoscalerConfig;
  /** What the decision before gave back; `emptyMemory()` at the first. */
  memory: Memory;
  /** The update that runs, and since when, ms since 1970. */
  update?: { since: number };
  /** No update before, ms since 1970: the last one could not be done. */
  rest?: number;
}

/** A node that serves again within this time, s, was restarted; one that takes longer is lost capacity. */
const LOST_SECONDS = 90;

export const isFresh = ({ now, settings }: Situation, at: number): boolean =>
  now - at <= settings.staleSeconds * 1000;

/** s, never negative: clocks of two machines may differ a little. */
export const ageOf = ({ now }: Situation, at: number): number => Math.max(0, (now - at) / 1000);

export const freshBackends = (s: Situation): BackendLoad[] =>
  s.look.backends.filter((b) => isFresh(s, b.at));

/** How many web nodes serve in a backend. */
export const servingIn = ({ servers }: BackendLoad): number =>
  servers.filter((server) => server.serving).length;

/** Web nodes that serve in one backend at least. */
export const servingAnywhere = ({ backends }: Look): string[] => [
  ...new Set(
    backends.flatMap(({ servers }) => servers.filter((s) => s.serving).map((s) => s.machine)),
  ),
];

/** Web nodes that serve in every backend that has them. */
export const servingEverywhere = (look: Look): string[] => {
  const ill = look.backends.flatMap(({ servers }) =>
    servers.filter((s) => !s.serving).map((s) => s.machine),
  );
  return servingAnywhere(look).filter((machine) => !ill.includes(machine));
};

/**
 * Nodes of the pool that are no longer expected to serve soon. While an update runs, a node that does not serve is being
 * made, and is in `size`; afterwards it would hide the load that the others carry.
 * @param serving how many serve
 */
export const lost = ({ now, size, memory: { short } }: Situation, serving: number): number =>
  short !== undefined && now - short >= LOST_SECONDS * 1000 ? Math.max(0, size - serving) : 0;

/**
 * What cannot be judged, in words; with any of it the pool does not shrink. A HAProxy node that does not answer counts: it
 * may still serve clients, so the sums of the others are too small by an unknown number of sessions, and nobody could tell
 * there when a web node's last request has ended.
 */
export function missingMetrics(s: Situation): string[] {
  const { proxies, backends, cpu } = s.look;
  const silent = Object.entries(proxies).flatMap(([name, why]) =>
    why === undefined ? [] : `${name}: ${why}`,
  );
  if (backends.length === 0) return [...silent, "statistics of HAProxy"];
  const old = backends.filter((b) => !isFresh(s, b.at)).map((b) => `statistics of ${b.backend}`);
  const blind = servingAnywhere(s.look)
    .filter((machine) => !(cpu[machine] && isFresh(s, cpu[machine].at)))
    .map((machine) => `CPU of ${machine}`);
  return [...silent, ...old, ...blind];
}
