/** What is wrong with a load on the web entry: the promise is about its requests, not about how many there were. Pure. */
import type { Report } from "./load/protocol";

/** Requests a second of each kind below which there was no load to speak of. */
const LEAST_RATE = 10;
/** What is left of the rate while machines are made and configured beside it. */
const LEAST_SHARE = 0.25;

export interface Expected {
  /** The same load in the same run before anything was done: what this machine gives. Default: this is it. */
  quiet?: Report;
  /** Nodes that must have served, every one and no other. Default: does not matter. */
  nodes?: string[];
}

/** @returns one line for each thing that is wrong: failed requests, too little load to prove anything, who served */
export function wrongWith(report: Report, { quiet, nodes }: Expected = {}): string[] {
  const wrong = report.failures.map(
    (f) => `${f.path} sent at ${new Date(f.sent).toISOString()}: ${f.error}`,
  );
  for (const kind of ["keepAlive", "fresh"] as const) {
    const least = quiet ? rateOf(quiet, kind) * LEAST_SHARE : LEAST_RATE;
    const rate = rateOf(report, kind);
    if (!(rate >= least)) {
      wrong.push(`only ${rate.toFixed(1)} ${kind} requests a second; wanted ${least.toFixed(1)}`);
    }
  }
  const served = Object.keys(report.served).sort();
  if (nodes !== undefined && served.join() !== [...nodes].sort().join()) {
    wrong.push(`served by ${served.join(", ") || "nobody"}; wanted ${nodes.join(", ")}`);
  }
  return wrong;
}

const rateOf = ({ sent, seconds }: Report, kind: keyof Report["sent"]) => sent[kind] / seconds;

/** How much of all answers each node gave. */
export function shares({ served }: Report): Record<string, number> {
  const total = Object.values(served).reduce((n, s) => n + s.requests, 0);
  return Object.fromEntries(Object.entries(served).map(([node, s]) => [node, s.requests / total]));
}
