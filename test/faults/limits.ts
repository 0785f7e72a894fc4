import type { Client } from "../support/load/faultProtocol";

/** The limits are for the 95th percentile; a single run on a shared machine may take so much longer. */
const SINGLE_RUN = 2;

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
