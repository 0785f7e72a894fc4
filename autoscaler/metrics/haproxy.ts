import { parseStats } from "../../haproxy/state";

/** What one HAProxy process says at one moment. */
export interface ProxyNumbers {
  /** Another one has begun to count anew: after a restart, and after a reload. */
  process: string;
  backends: Record<string, BackendNumbers>;
}

export interface BackendNumbers {
  /** Requests that wait: those that no server has been chosen for, and those at each server. */
  queue: number;
  /** The most of them since the question before. */
  queuePeak: number;
  /** New sessions in the last second. */
  rate: number;
  /** Mean time to the answer of the last 1024 requests, ms. */
  responseMs: number;
  /** Sessions since its start. */
  total: number;
  /**
   * Answers 5xx since its start. HAProxy's own are among them, so also the connections that failed (2.6.12: a request to
   * a dead server counts in `hrsp_5xx` and in `econ`).
   */
  errors: number;
  servers: { address: string; serving: boolean; sessions: number; peak: number }[];
}

/**
 * Reads the answer of `show info; show stat -1 6 -1 no-maint`.
 * @throws Error when it is none
 */
export function readHaproxy(text: string): ProxyNumbers {
  const cut = text.indexOf("# pxname,");
  const info = new Map(
    [...text.slice(0, Math.max(cut, 0)).matchAll(/^(\w+): (.*)$/gm)].map((m) => [m[1], m[2]]),
  );
  const process = `${info.get("Pid")} since ${info.get("Start_time_sec")}`;
  if (cut < 0 || process.includes("undefined")) throw new Error("HAProxy does not answer");
  // An empty line is the end. What is missing of a line would be zero.
  if (!text.endsWith("\n\n")) throw new Error("HAProxy did not answer to the end in time");
  const backends: Record<string, BackendNumbers> = {};
  for (const line of parseStats(text.slice(cut))) {
    const backend = (backends[line.pxname ?? ""] ??= {
      ...{ queue: 0, queuePeak: 0, rate: 0, responseMs: 0, total: 0, errors: 0 },
      servers: [],
    });
    backend.queue += Number(line.qcur);
    backend.queuePeak += Number(line.qmax);
    if (line.svname === "BACKEND") {
      backend.rate = Number(line.rate);
      backend.responseMs = Number(line.rtime);
      backend.total = Number(line.stot);
      backend.errors = Number(line.hrsp_5xx);
    } else {
      backend.servers.push({
        address: (line.addr ?? "").replace(/:\d+$/, ""),
        // "UP 1/2" is up as well; neither are "DOWN", "DRAIN" and "NOLB".
        serving: line.status?.startsWith("UP") ?? false,
        sessions: Number(line.scur),
        peak: Number(line.smax),
      });
    }
  }
  return { process, backends };
}
