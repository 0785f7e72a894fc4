import type { Client } from "../support/load/faultProtocol";

/** The limits are for the 95th percentile, of which a single run says little: one may take so much longer. */
const SINGLE_RUN = 2;
/** So many runs have a 95th percentile that says something; the limit holds for it as it is. */
const ENOUGH = 10;

/** The value that the share `p` of these do not exceed (nearest rank). NaN of none. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(p * sorted.length)) - 1] ?? NaN;
}

/** Clients whose 95th percentile over the runs of a case is above the limit; none while there are too few runs. Pure. */
export const beyondP95 = (
  limits: Partial<Record<Client, number>>,
  runs: Partial<Record<Client, number>>[],
): string[] =>
  Object.entries(limits).flatMap(([client, limit]) => {
    const values = runs.flatMap((outages) => outages[client as Client] ?? []);
    const p95 = percentile(values, 0.95);
    return values.length < ENOUGH || p95 <= limit
      ? []
      : [`${client}: p95 of ${values.length} runs is ${p95.toFixed(2)} s; at most ${limit} s`];
  });

/**
 * Clients that were without an answer for longer than they may be in a single run. Pure.
 * @param limits of the case, for the 95th percentile on a machine of normal speed, s
 * @param outages what each client saw, s; none of a client with a limit is a fault, too
 * @param pace how much slower this machine is
 */
export function beyond(
  limits: Partial<Record<Client, number>>,
  outages: Partial<Record<Client, number>>,
  pace: number,
): string[] {
  return Object.entries(limits).flatMap(([client, limit]) => {
    const outage = outages[client as Client];
    if (outage === undefined) return [`${client}: nobody measured it`];
    if (outage <= limit * SINGLE_RUN * pace) return [];
    const slower = pace === 1 ? "" : `, and this machine takes ${pace} times as long`;
    return [`${client}: ${outage.toFixed(2)} s without an answer; p95 at most ${limit} s${slower}`];
  });
}
