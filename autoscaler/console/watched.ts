/** What the console's pages of the monitor and its server tell each other. Used by both: nothing of node, nothing of a browser. */
import type { PageName, Unit } from "../../components/monitor/panels/panel";

export type { PageName, Unit } from "../../components/monitor/panels/panel";

/** How far back a page may look, hours. */
export const SPANS = [1, 6, 24, 168] as const;
export type Span = (typeof SPANS)[number];

export interface Curve {
  /** What sets it apart from the others of its panel; "" where it is the only one. */
  name: string;
  /** One for each of the page's times; null: not known. */
  values: (number | null)[];
}

export interface ShownPanel {
  title: string;
  unit: Unit;
  help: string;
  curves: Curve[];
  /** Why there are none. */
  fault?: string;
}

export interface ShownPage {
  name: PageName;
  title: string;
  /** ms since 1970; evenly spaced. */
  times: number[];
  panels: ShownPanel[];
  /** Name of the monitor that it is from. */
  from: string;
}

/** An alert that fires. */
export interface Firing {
  /** Alertmanager's name for just this one. */
  fingerprint: string;
  name: string;
  severity: "critical" | "warning" | "info";
  summary: string;
  meaning: string;
  /** The command that comes next. */
  next: string;
  /** ms since 1970. */
  since: number;
  /** Nobody is told of it until then, ms since 1970, since somebody wanted so. */
  silence?: { id: string; by: string; until: number; comment: string };
}

export interface FiringNow {
  /** The most severe first. */
  alerts: Firing[];
  from: string;
}

/** How long an operator may silence an alert, hours. */
export const SILENCE_HOURS = [1, 2, 8, 24, 72] as const;
/** Longest reason, characters. */
export const LONGEST_COMMENT = 200;
