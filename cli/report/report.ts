/** How available a site was. Pure. */
import {
  HELD_BY,
  SBATCH,
  SERVICE_UP,
  SESSIONS,
  SQL,
  WEB_ENTRY,
  WEB_NODES,
} from "../../components/monitor/rules/availability";
import { type Seen, seriesOf } from "./days";
import type { Month } from "./month";
import { changesOf, overlay, type Run, secondsOf } from "./timeline";
import type { Waits } from "./waits";

/** The share of the time that each promised service is to be there. */
export const GOAL = 0.999;
/** Alerts that began so long after an outage's end are still of it, s: they wait until it is no mere moment. */
const AFTERWARDS = 120;
/** Causes that are named of an outage. */
const MOST_CAUSES = 5;

export interface Availability {
  service: string;
  /** s. */
  up: number;
  down: number;
  /** Nobody saw, s: neither up nor down. */
  unknown: number;
  /** Of the time that somebody saw, 0 to 1; undefined when that is none. */
  share: number | undefined;
  /** Whether it was there for GOAL of the whole time; undefined: what is not known decides. */
  kept: boolean | undefined;
}

export interface Outage {
  service: string;
  /** s since 1970; first and last as it was seen. */
  from: number;
  to: number;
  /** Nobody saw how it began, how it ended, or it has not ended: it lasted longer. */
  longer: boolean;
  causes: Cause[];
}

/** An alert of that time. */
export interface Cause {
  alert: string;
  /** What it was about: a machine, a service, a VIP. */
  of: string;
  /** Whether anybody was told; else it was over before. */
  told: boolean;
}

export interface Report {
  month: Month;
  /** Who has told. */
  monitors: string[];
  services: Availability[];
  outages: Outage[];
  failovers: { at: number; what: string; before: string; after: string }[];
  /** Changes of the number of web nodes that HAProxy has. */
  scalings: { at: number; before: number; after: number }[];
  /** How long jobs waited; undefined when no controller could tell. */
  waits: Waits[] | undefined;
}

/**
 * @param services names of the web services
 * @param seen what each machine of the monitor has seen
 */
export function reportOf(
  month: Month,
  services: string[],
  seen: Seen[],
  waits: Waits[] | undefined,
): Report {
  const promised = [WEB_ENTRY, ...services, SBATCH, SESSIONS, SQL];
  const told = promised.map((service) => ({ service, pieces: upOf(service, month, seen) }));
  return {
    month,
    monitors: seen.map(({ monitor }) => monitor),
    services: told.map(({ service, pieces }) => availability(service, pieces, month)),
    outages: told
      .flatMap(({ service, pieces }) => outagesOf(service, pieces, seen))
      .sort((a, b) => a.from - b.from),
    failovers: failoversOf(month, seen),
    scalings: changesOf(
      overlay(
        seen.map((one) => seriesOf(one, WEB_NODES)[0]?.runs ?? []),
        month,
        (numbers) => numbers.find((n) => n !== undefined),
      ),
    ),
    waits,
  };
}

/** A service over the month. Where one monitor reached it, it was there: the other was cut off, or late. */
function upOf(service: string, month: Month, seen: Seen[]): Run<boolean | undefined>[] {
  const layers = seen.map(
    (one) => seriesOf(one, SERVICE_UP).find(({ labels }) => labels["service"] === service)?.runs,
  );
  return overlay(
    layers.map((runs) => runs ?? []),
    month,
    (values) =>
      values.every((value) => value === undefined)
        ? undefined
        : values.some((value) => value !== undefined && value > 0),
  );
}

function availability(
  service: string,
  pieces: Run<boolean | undefined>[],
  { from, to }: Month,
): Availability {
  const up = secondsOf(pieces, (value) => value === true);
  const down = secondsOf(pieces, (value) => value === false);
  const unknown = to - from - up - down;
  const most = (1 - GOAL) * (to - from);
  return {
    service,
    up,
    down,
    unknown,
    share: up + down === 0 ? undefined : up / (up + down),
    kept: down > most ? false : down + unknown <= most ? true : undefined,
  };
}

const outagesOf = (service: string, pieces: Run<boolean | undefined>[], seen: Seen[]): Outage[] =>
  pieces.flatMap(({ from, to, value }, i) =>
    value !== false
      ? []
      : [
          {
            service,
            from,
            to,
            longer: pieces[i - 1]?.value !== true || pieces[i + 1]?.value !== true,
            causes: causesOf(from, to, seen),
          },
        ],
  );

/** Alerts of an outage's time, those that anybody was told of first, then those that began nearest to it. */
function causesOf(from: number, to: number, seen: Seen[]): Cause[] {
  const found = new Map<string, Cause & { away: number }>();
  for (const { labels, runs } of seen.flatMap((one) => seriesOf(one, "ALERTS"))) {
    const run = runs.find((r) => r.from < to + AFTERWARDS && r.to > from);
    if (!run || labels["severity"] === "info") continue;
    const { alertname: alert = "", alertstate, instance, name, ...rest } = labels;
    const about = [name ?? rest["service"], instance ?? rest["proxy"] ?? rest["vip"]];
    const of = about.filter((word) => word !== undefined).join(" on ");
    const known = found.get(`${alert} ${of}`);
    const told = alertstate === "firing" || known?.told === true;
    const away = Math.min(Math.abs(run.from - from), known?.away ?? Infinity);
    found.set(`${alert} ${of}`, { alert, of, told, away });
  }
  return [...found.values()]
    .sort((a, b) => Number(b.told) - Number(a.told) || a.away - b.away)
    .slice(0, MOST_CAUSES)
    .map(({ alert, of, told }) => ({ alert, of, told }));
}

/** Moves of what only one machine has. While two say that they have it, or none, it is on its way. */
function failoversOf(month: Month, seen: Seen[]): Report["failovers"] {
  const all = seen.flatMap((one) => seriesOf(one, HELD_BY));
  const whats = [...new Set(all.map(({ labels }) => labels["what"] ?? ""))].sort();
  const moves = whats.flatMap((what) => {
    const layers = seen.map((one) => holders(one, what, month));
    const pieces = overlay(layers, month, (names) => names.find((n) => n !== undefined));
    return changesOf(pieces).map((change) => ({ what, ...change }));
  });
  return moves.sort((a, b) => a.at - b.at);
}

/** Who had it, as one monitor saw it. */
function holders(seen: Seen, what: string, month: Month): Run<string>[] {
  const own = seriesOf(seen, HELD_BY).filter(({ labels }) => labels["what"] === what);
  const pieces = overlay(
    own.map(({ runs }) => runs),
    month,
    (values) => {
      const who = own.filter((_, i) => values[i] !== undefined);
      return who.length === 1 ? who[0]?.labels["instance"] : undefined;
    },
  );
  return pieces.flatMap(({ value, ...span }) => (value === undefined ? [] : [{ ...span, value }]));
}
