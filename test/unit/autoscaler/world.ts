import type { Alert, Decision, Look } from "../../../autoscaler/model";
import { type Parts, Service } from "../../../autoscaler/service/service";
import { emptyState, type State } from "../../../autoscaler/service/state";
import type { ServiceSettings } from "../../../autoscaler/settings";
import type { Result } from "../../../autoscaler/updates";
import type { ImageRefresh } from "../../../lib/imageRefresh";
import { look as lookOf, NOW, type Seen, settings as configOf } from "./situations";

const all = Array.from({ length: 10 }, (_, i) => ({
  name: `web${i + 1}`,
  address: `192.0.2.${i + 21}`,
}));
const siteOf = (pool: string[], config: unknown = {}): ServiceSettings => ({
  site: "hpc-ha-test",
  stack: "test",
  projectRoot: "/clone",
  home: "/home",
  config: configOf(config),
  limits: { min: 2, max: 10 },
  entry: [{ name: "haproxy1", address: "192.0.2.11" }],
  monitors: [],
  web: all,
  pool,
  backends: ["auth"],
  ports: {},
  ssh: { user: "root", privateKeyFile: "/key", knownHostsFile: "/known" },
  console: { address: "127.0.0.1", users: [], tls: { cert: "c", key: "k" } },
});
export const names = (n: number): string[] => all.slice(0, n).map(({ name }) => name);

/** A site that the service works on, with a clock that only the test moves. */
export class World {
  now = NOW;
  pool = names(2);
  /** What the next looks see: sessions of each node. */
  sessions = 100;
  seen: Partial<Seen> = {};
  lacking: Partial<Look> = {};
  state: State = emptyState();
  config: unknown = {};
  changed = false;
  broken: string | undefined;
  running: { since: number; what: string } | undefined;
  result: Result | undefined;
  refuses: string | undefined;
  image: ImageRefresh | undefined;
  started: string[][] = [];
  asked: string[][] = [];
  decisions: Decision[] = [];
  told: Alert[] = [];
  said: string[] = [];
  /** What was done, in its order. */
  order: string[] = [];
  service = this.start();

  /** Another process. */
  start(dryRun = false): Service {
    const parts: Parts = {
      store: {
        read: () => structuredClone(this.state),
        write: (state) => {
          this.order.push(state.update ? "state with update" : "state");
          this.state = structuredClone(state);
        },
      },
      now: () => this.now,
      chance: () => 0.5,
      settings: (surely) => {
        if (this.broken !== undefined) return Promise.reject(new Error(this.broken));
        const news = this.changed || surely;
        this.changed = false;
        return Promise.resolve(news ? siteOf(this.pool, this.config) : undefined);
      },
      look: (_, pool, at) => {
        this.asked.push(pool);
        const sessions = pool.map((name) => (this.pool.includes(name) ? this.sessions : -1));
        return Promise.resolve({ ...lookOf(at, { sessions, ...this.seen }), ...this.lacking });
      },
      updates: {
        running: () => this.running,
        start: (pool) => {
          this.order.push("start");
          if (this.refuses !== undefined) return Promise.reject(new Error(this.refuses));
          this.started.push(pool);
          this.running = { since: this.now, what: pool.join() };
          return Promise.resolve();
        },
        finished: () => {
          const { result } = this;
          this.result = undefined;
          return Promise.resolve(result);
        },
      },
      image: () => this.image,
      decisions: {
        append: (decision) => {
          this.order.push("decision");
          this.decisions.push(structuredClone(decision));
        },
        since: (at) => this.decisions.filter((d) => d.at >= at),
      },
      tell: (alerts) => {
        this.told = alerts;
        return Promise.resolve();
      },
      log: (text) => this.said.push(text),
      dryRun,
    };
    return new Service(parts, siteOf(this.pool, this.config));
  }

  /** So many looks, one every 30 s. */
  async looks(n = 1): Promise<void> {
    for (let i = 0; i < n; i++) {
      await this.service.look();
      this.now += 30_000;
    }
  }

  /** The update that runs has ended. @param pool what it left */
  ends(result: Partial<Result> = {}, pool = this.started.at(-1) ?? []): void {
    this.running = undefined;
    this.pool = pool;
    this.result = { at: this.now, ok: true, pool, ...result };
  }

  get last(): Decision | undefined {
    return this.decisions.at(-1);
  }

  get alerts(): string[] {
    return this.told.map(({ name }) => name);
  }

  get brakes(): string[] {
    return (this.last?.brakes ?? []).map(({ brake }) => brake);
  }
}
