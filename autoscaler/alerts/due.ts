import type { Alert } from "../model";
import type { Batch } from "./sender";

/** What one sender's receivers know, and when it is tried again. */
export interface Told {
  /** What they were told and not yet that it is over. */
  alerts: Alert[];
  /** Failures in a row. */
  failures: number;
  /** Not before, ms since 1970. */
  next: number;
}

/** After the first failure, and at most, ms: it doubles from one to the other. */
const PAUSE = { first: 15_000, most: 900_000 };

export const nothingTold = (alerts: Alert[] = []): Told => ({ alerts, failures: 0, next: 0 });

/**
 * What is to be told now; undefined when there is nothing, or not yet. What came and went while a sender could not send,
 * nobody hears of.
 */
export function due(told: Told, current: Alert[], now: number): Batch | undefined {
  if (now < told.next) return undefined;
  const batch = {
    firing: current.filter((alert) => !has(told.alerts, alert)),
    resolved: told.alerts.filter((alert) => !has(current, alert)),
  };
  return batch.firing.length + batch.resolved.length > 0 ? batch : undefined;
}

/** After a batch has arrived. */
export const sent = ({ alerts }: Told, { firing, resolved }: Batch): Told =>
  nothingTold([...alerts.filter((alert) => !has(resolved, alert)), ...firing]);

export function failed({ alerts, failures }: Told, now: number): Told {
  const pause = Math.min(PAUSE.most, PAUSE.first * 2 ** failures);
  return { alerts, failures: failures + 1, next: now + pause };
}

/** The same matter has the same name, also when its words change. */
const has = (alerts: Alert[], { name }: Alert): boolean =>
  alerts.some((alert) => alert.name === name);
