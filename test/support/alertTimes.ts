import { durationOf } from "../../cli/duration";
import { GROUP_INTERVAL_SECONDS, GROUP_WAIT_SECONDS } from "../../components/monitor/alertmanager";
import { SCRAPE_SECONDS, SCRAPE_TIMEOUT_SECONDS } from "../../components/monitor/prometheus";
import type { AlertRule } from "../../components/monitor/rules";

/** Until what somebody is told has come there, s. */
const SENT_SECONDS = 10;
/** A second Alertmanager lets the first one tell (Alertmanager's --cluster.peer-timeout, its default), s. */
export const PEER_SECONDS = 15;

/**
 * When somebody must have been told of a fault, after its begin, s. Pure.
 * @param rules the site's
 * @returns `least`: sooner would be a false alert, as a failover takes so long; `most`
 * @throws Error when there is no such alert
 */
export function alertTimes(rules: readonly AlertRule[], alert: string) {
  const rule = rules.find((one) => one.alert === alert);
  if (!rule) throw new Error(`no rule has the alert ${alert}`);
  const wait = rule.for === "0s" ? 0 : durationOf(alert, rule.for);
  // It is written to a file that is looked at then, judged, and judged again when its time is over.
  const seen = 4 * SCRAPE_SECONDS + SCRAPE_TIMEOUT_SECONDS;
  // Another machine's may just have been told.
  const told = Math.max(GROUP_WAIT_SECONDS, GROUP_INTERVAL_SECONDS) + SENT_SECONDS;
  return { least: wait, most: wait + seen + told };
}

/** Longest time from the end of a fault until somebody is told of that, s. */
export const OVER_SECONDS =
  3 * SCRAPE_SECONDS + SCRAPE_TIMEOUT_SECONDS + GROUP_INTERVAL_SECONDS + SENT_SECONDS;
