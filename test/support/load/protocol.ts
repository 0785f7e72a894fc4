export interface Options {
  /** Where the web VIP is, e.g. https://198.18.2.101. */
  base: string;
  /** CA certificate (PEM) that it must be verified with. */
  ca: string;
  /** Paths that are asked one after the other. */
  paths: string[];
  /** Path of a WebSocket that sends {"node": …} first and echoes. */
  socketPath: string;
  /** Requests a second; every other one on a connection of its own. */
  rate: number;
  /** A request without an answer after so many seconds has failed. */
  patience: number;
  /** WebSockets held open. */
  sockets: number;
  /** The load ends by itself after so many seconds. */
  seconds: number;
}

/** One request that did not get a 200. */
export interface Failure {
  /** When it was sent and when it failed, ms since 1970. */
  sent: number;
  failed: number;
  path: string;
  keepAlive: boolean;
  error: string;
}

/** What one web node answered. */
export interface Served {
  requests: number;
  /** First and last answer, ms since 1970. */
  first: number;
  last: number;
  /** When the last of the answered requests was sent, ms since 1970: the node was in rotation after that. */
  lastSent: number;
}

/** One WebSocket client since the start. */
export interface SocketHistory {
  /** Nodes that it was on, the present one last. */
  nodes: string[];
  /** When and with which code it was closed by the other side. */
  closes: { at: number; node: string; code: number }[];
  /** Failed attempts and echoes that did not come. */
  errors: string[];
  open: boolean;
}

/** Everything since the last report, but for the sockets. */
export interface Report {
  seconds: number;
  sent: { keepAlive: number; fresh: number };
  failures: Failure[];
  served: Record<string, Served>;
  slowestMs: number;
  sockets: SocketHistory[];
}
