import * as https from "node:https";
import type { Options, Report } from "./protocol";

const TICK = 10;
/** More unanswered requests than this are no load but an overload of the machine. */
const MAX_OPEN = 1000;

type Interval = Omit<Report, "sockets" | "seconds"> & { since: number };

const empty = (): Interval => ({
  since: Date.now(),
  sent: { keepAlive: 0, fresh: 0 },
  failures: [],
  served: {},
  slowestMs: 0,
});

/** Half of the requests on connections that stay, half on a connection of their own. */
export class Requests {
  private interval = empty();
  private readonly open = new Set<Promise<void>>();
  private readonly started = Date.now();
  private count = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly kept: https.Agent;
  private readonly fresh: https.Agent;

  constructor(private readonly options: Options) {
    const { ca } = options;
    this.kept = new https.Agent({ ca, keepAlive: true, maxSockets: 20, scheduling: "fifo" });
    // maxCachedSessions 0: each of its connections is a full handshake.
    this.fresh = new https.Agent({ ca, keepAlive: false, maxCachedSessions: 0 });
    this.timer = setInterval(() => this.tick(), TICK);
  }

  take(): Omit<Report, "sockets"> {
    const { since, ...rest } = this.interval;
    this.interval = empty();
    return { seconds: (Date.now() - since) / 1000, ...rest };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  /** Sends what is due: a late tick sends more. */
  private tick(): void {
    const due = ((Date.now() - this.started) / 1000) * this.options.rate;
    for (; this.count < due && this.open.size < MAX_OPEN; this.count += 1) {
      const request: Promise<void> = this.send().finally(() => this.open.delete(request));
      this.open.add(request);
    }
  }

  private send(): Promise<void> {
    const keepAlive = this.count % 2 === 0;
    const path = this.options.paths[Math.floor(this.count / 2) % this.options.paths.length] ?? "/";
    const sent = Date.now();
    this.interval.sent[keepAlive ? "keepAlive" : "fresh"] += 1;
    return new Promise((resolve) => {
      const fail = (error: string) => {
        this.interval.failures.push({ sent, failed: Date.now(), path, keepAlive, error });
        resolve();
      };
      const request = https.get(
        `${this.options.base}${path}`,
        { agent: keepAlive ? this.kept : this.fresh, timeout: this.options.patience * 1000 },
        (answer) => {
          answer.resume();
          answer.on("error", (e) => fail(e.message));
          answer.on("end", () => {
            if (answer.statusCode === 200) this.note(String(answer.headers["x-served-by"]), sent);
            else return fail(`status ${answer.statusCode}`);
            resolve();
          });
        },
      );
      request.on("timeout", () =>
        request.destroy(new Error(`no answer within ${this.options.patience} s`)),
      );
      request.on("error", (e) => fail(e.message));
    });
  }

  private note(node: string, sent: number): void {
    const now = Date.now();
    const served = (this.interval.served[node] ??= {
      requests: 0,
      first: now,
      last: now,
      lastSent: sent,
    });
    served.requests += 1;
    served.last = now;
    served.lastSent = Math.max(served.lastSent, sent);
    this.interval.slowestMs = Math.max(this.interval.slowestMs, now - sent);
  }
}
