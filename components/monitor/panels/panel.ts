/** How the numbers of a panel are written; `share`: 1 is all. */
export type Unit =
  "count" | "share" | "bytes" | "bytes/s" | "seconds" | "1/s" | "yes or no" | "1/min";

/** One plot. */
export interface Panel {
  /** On its page there is no other of this name. */
  title: string;
  unit: Unit;
  /** PromQL: a curve for each series of the answer, which on a whole site has at least one. */
  expr: string;
  /** Labels whose values name a curve; none where there is one curve. */
  by: string[];
  /** One sentence: what is to be seen, and what is good. */
  help: string;
}

/** What is looked at together. */
export interface PanelPage {
  name: PageName;
  title: string;
  panels: Panel[];
}

/** In the order in which they are shown. */
export const PAGES = ["cluster", "slurm", "web", "data", "hosts"] as const;
export type PageName = (typeof PAGES)[number];

/** Metrics whose names differ by their end, as one with that end for a label: `max` of what several machines say of it. */
export const named = (start: string, ends: string[], label: string): string =>
  `max by (${label}) (label_replace({__name__=~"${start}(${ends.join("|")})"}, "${label}", "$1", "__name__", "${start}(.*)"))`;
