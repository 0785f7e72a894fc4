/** What the autoscaler's rooms tell each other. No I/O, no behaviour. */

/** A measured value and when it was measured, ms since 1970. */
export interface Sample {
  value: number;
  at: number;
}

/** One web node in one backend, over both HAProxy nodes. */
export interface ServerLoad {
  /** Web node. */
  machine: string;
  /** Gets new requests: up, and neither drained nor in maintenance. */
  serving: boolean;
  /** Requests being served and WebSockets. */
  sessions: number;
  /** The most of them since the look before, where that is known: a burst between two looks is seen too. */
  peak?: number;
}

/** One backend, over both HAProxy nodes. */
export interface BackendLoad {
  backend: string;
  servers: ServerLoad[];
  /** Requests that wait for a server, the most since the look before. */
  queue: number;
  /** New sessions, 1/s. */
  rate: number;
  /** Mean time to the answer of the last 1024 requests, ms. */
  responseMs: number;
  /** Answers 5xx since the look before, also HAProxy's own for failed connections, 1/s; undefined at the first. */
  errors?: number;
  /** When the oldest of its numbers was measured, ms since 1970. */
  at: number;
}

/** What one look saw. What could not be read is missing, and never zero. */
export interface Look {
  /** ms since 1970. */
  at: number;
  /** HAProxy nodes that were asked: undefined when it answered, else why not. */
  proxies: Record<string, string | undefined>;
  backends: BackendLoad[];
  /** Busy share of each web node's processors, 0 to 1, over the time since the look before. */
  cpu: Record<string, Sample>;
}

export type RuleName = "connections" | "queue" | "cpu" | "schedule";

/** What one rule asks for. */
export interface Vote {
  rule: RuleName;
  /** Size that it asks for; undefined: it knows too little to say. */
  wanted?: number;
  /** Its measure, what it is held against, and of which backend or machine. */
  value?: number;
  goal?: number;
  of?: string;
  /** Age of the oldest number that it used, s. */
  age?: number;
}

/** What keeps the size from being what the rules ask for. */
export type Brake =
  /** Scale-in waits for the window's end: all of it must have asked for less. */
  | { brake: "window"; until: number }
  /** So many removals per time, and no more. */
  | { brake: "budget"; until: number }
  /** The last change is too new. */
  | { brake: "cooldown"; until: number }
  | { brake: "maximum"; limit: number }
  | { brake: "minimum"; limit: number }
  /** Schedule's floor, or its fixed size. */
  | { brake: "schedule"; limit: number; until?: number }
  /** A person's size holds. */
  | { brake: "hold"; size: number; until: number }
  | { brake: "paused" }
  /** An update runs. */
  | { brake: "update"; since: number }
  /** Metrics are missing or stale: never smaller. In words, which. */
  | { brake: "metrics"; missing: string[] }
  /** Inside the tolerance band around the goal. */
  | { brake: "tolerance" };

/** The result of one look, also of one that changes nothing: a line of the decision log. */
export interface Decision {
  /** ms since 1970. */
  at: number;
  /** The pool that there is, nodes that are being made included. */
  size: number;
  /** Web nodes that serve. */
  serving: number;
  /** What the rules ask for together, before anything holds it back. */
  wanted: number;
  /** What the pool is to be now; equal to `size` when nothing is to be done. */
  target: number;
  votes: Vote[];
  brakes: Brake[];
  /** What it was decided from, so that it can be played again. */
  look: Look;
}

/** What the service keeps from look to look, in one small file. */
export interface Memory {
  /** Sizes that the rules asked for, within the scale-in window; the oldest first. */
  asked: { at: number; size: number }[];
  /** Removals within the budget's time, ms since 1970 each. */
  removals: number[];
  /** When the pool was last changed, ms since 1970. */
  changed?: number;
  /** Since when the pool has been at its largest and asked for more, ms since 1970. */
  saturated?: number;
  /** Since when metrics have been missing or stale, ms since 1970. */
  missing?: number;
  /** Since when fewer nodes serve than there are although no update runs, ms since 1970. */
  short?: number;
  /** A person's size, until when, and who asked. */
  hold?: { size: number; until: number; by: string };
  /** Who paused it, and when. */
  paused?: { at: number; by: string };
  /** Web nodes that were replaced because they did not become healthy: how often. */
  replaced: Record<string, number>;
}

/** What is the matter, once for as long as it lasts. */
export interface Alert {
  /** Identity: the same matter has the same. */
  name:
    | "ScalingFailed"
    | "MetricsMissing"
    | "SaturatedAtMaximum"
    | "NodeReplacedTwice"
    | "RedundancyReduced"
    | "CloneOutdated"
    | "ImageNotRefreshed";
  severity: "warning" | "critical";
  /** One sentence: what, where, and what to do. */
  summary: string;
  /** ms since 1970. */
  since: number;
}
