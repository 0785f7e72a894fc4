/** What the service's page and its server tell each other. Used by both: nothing of node, nothing of a browser. */
import type { Finding, Status } from "../../components/look";
import type { AutoscalerConfig } from "../../components/web/autoscaler";
import type { Alert, Decision, Memory, RuleName } from "../model";

/** A viewer looks; an operator may also give orders. */
export type Role = "viewer" | "operator";

/** Who is logged in. */
export interface Me {
  name: string;
  role: Role;
}

/** The autoscaler as it is now. */
export interface Snapshot {
  /** ms since 1970, by the service's clock. */
  now: number;
  site: string;
  /** The last one; undefined until there is one. */
  decision?: Decision;
  limits: { min: number; max: number };
  settings: AutoscalerConfig;
  memory: Memory;
  alerts: Alert[];
  /** An update that runs: since when, ms since 1970, and what it does. */
  update?: { since: number; what: string };
  /** Names of the web nodes that there are. */
  pool: string[];
  /** What `npx hpc status --json` says; undefined until it was asked. */
  status?: unknown;
  running: "on" | "paused" | "dry-run";
}

/** The settings without those that hold secrets. */
export type ShownSettings = Omit<AutoscalerConfig, "alerts" | "console">;
/** What a browser gets of a snapshot. */
export type ShownSnapshot = Omit<Snapshot, "settings"> & { settings: ShownSettings };

/** What `npx hpc status --json` says. */
export type ShownStatus = Omit<Status, "site"> & {
  verdict: "whole" | Finding["severity"];
  findings: Finding[];
};

/** One look in the plot; null: not known. */
export type Row = [
  /** ms since 1970. */
  at: number,
  size: number,
  serving: number,
  wanted: number,
  target: number,
  /** Sessions for each serving node, requests that wait, busy share of the processors: each rule's measure. */
  connections: number | null,
  queue: number | null,
  cpu: number | null,
  /** Size that the schedule asks for. */
  schedule: number | null,
];

export interface History {
  rows: Row[];
  /** Decisions that changed something, without their looks; the oldest first. */
  changes: Decision[];
}

/** Names of the events of the stream. */
export const EVENTS = { snapshot: "snapshot", beat: "beat" } as const;
/** The stream is never silent for longer, ms. */
export const BEAT = 15_000;
/** How far back the page looks, ms. */
export const SPAN = 24 * 3_600_000;

export const isChange = ({ size, target }: Decision): boolean => size !== target;

/** A look as the plot has it. */
export function rowOf({ at, size, serving, wanted, target, votes }: Decision): Row {
  const vote = (rule: RuleName) => votes.find((v) => v.rule === rule);
  const value = (rule: RuleName) => vote(rule)?.value ?? null;
  const schedule = vote("schedule")?.wanted ?? null;
  return [
    ...([at, size, serving, wanted, target] as const),
    ...([value("connections"), value("queue"), value("cpu"), schedule] as const),
  ];
}

/** A decision without what it was decided from. */
export const slim = (decision: Decision): Decision => ({
  ...decision,
  look: { at: decision.look.at, proxies: decision.look.proxies, backends: [], cpu: {} },
});
