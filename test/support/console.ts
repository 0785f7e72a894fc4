/** The console with a made site behind it, and a client of it. */
import { request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { buildPage } from "../../autoscaler/console/build";
import type { User } from "../../autoscaler/console/login";
import { type Cost, hashPassword } from "../../autoscaler/console/passwords";
import { type ConsoleOptions, startConsole } from "../../autoscaler/console/server";
import type { ConsoleSource, Snapshot } from "../../autoscaler/console/source";
import type { ShownStatus } from "../../autoscaler/console/wire";
import type { Decision } from "../../autoscaler/model";
import type { Order } from "../../autoscaler/orders";
import type { MachineHealth } from "../../components/look";
import { issue } from "../../programs/certificates";
import { LIMITS, madeDay, SERVICES, SETTINGS } from "./madeDay";

export const LOOPBACK = "127.0.0.1";
/** Of a password that nobody guesses: next to nothing. */
export const QUICK: Cost = { N: 2 ** 10, r: 8, p: 1 };
export const PASSWORDS = { vera: "a viewer's password", omar: "an operator's password" };

/** Autoscaler of a made day that goes on when it is told to. */
export class MadeSource implements ConsoleSource {
  readonly orders: { order: Order; by: string }[] = [];
  private readonly listeners = new Set<() => void>();
  private decisions: Decision[];
  private state: Snapshot;

  constructor(until: number, more: Partial<Snapshot> = {}) {
    const { decisions, memory, pool } = madeDay(7, until);
    this.decisions = decisions;
    this.state = {
      now: until,
      site: "seoul-hpc",
      decision: decisions.at(-1),
      limits: LIMITS,
      settings: SETTINGS,
      memory,
      alerts: [],
      pool,
      status: madeStatus(pool),
      running: "on",
      ...more,
    };
  }

  snapshot = (): Snapshot => this.state;
  history = (since: number): Decision[] => this.decisions.filter(({ at }) => at >= since);
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  metrics = (): Promise<string> => Promise.resolve("web_pool_size 5\n");

  order(order: Order, by: string): Promise<void> {
    this.orders.push({ order, by });
    const { hold: _hold, paused: _paused, ...memory } = this.state.memory;
    const { now } = this.state;
    if (order.kind === "hold") {
      const { size, until } = order;
      this.change({ memory: { ...memory, hold: { size, until, by } } });
    } else if (order.kind === "pause") {
      this.change({ memory: { ...memory, paused: { at: now, by } }, running: "paused" });
    } else this.change({ memory, running: "on" });
    return Promise.resolve();
  }

  /** Changes what it is, and says so. */
  change(more: Partial<Snapshot>): void {
    this.state = { ...this.state, ...more };
    for (const listener of this.listeners) listener();
  }
}

/** What `npx hpc status --json` would say of the reference site. */
export function madeStatus(pool: string[]): ShownStatus {
  const tiers: Record<string, [string, number][]> = {
    controllers: [10, 11].map((n, i) => [`slurm-m${i + 1}`, n]),
    share: [["nfs-srv", 12]],
    web: pool.map((name, i) => [name, 21 + i]),
    redis: [131, 132, 133].map((n, i) => [`redis${i + 1}`, n]),
    galera: [141, 142, 143].map((n, i) => [`galera${i + 1}`, n]),
    entry: [151, 152].map((n, i) => [`haproxy${i + 1}`, n]),
    compute: [161, 162, 163, 164].map((n, i) => [`compute${i + 1}`, n]),
    login: [["client", 190]],
  };
  const vips = [
    { name: "slurm", address: "192.168.1.100", holders: ["slurm-m1"] },
    { name: "web", address: "192.168.1.101", holders: ["haproxy1"] },
    { name: "data", address: "192.168.1.102", holders: ["haproxy1"] },
  ];
  const machines = Object.entries(tiers).flatMap(([tier, members]) =>
    members.map(([name, host]): MachineHealth => ({
      name,
      tier,
      address: `192.168.1.${host}`,
      health: "ok",
      faults: [],
      full: [],
      vips: vips.filter((v) => v.holders.includes(name)).map((v) => v.name),
      late: [],
    })),
  );
  const proxy = (name: string, sessions: number) => ({
    ...{
      name,
      answers: true,
      generation: 1,
      sessions,
      services: SERVICES.map((s) => ({ name: s, servers: [] })),
    },
    entries: { redis: { up: ["redis1"] }, galera: { up: ["galera1"] } },
  });
  return {
    stack: "prod",
    verdict: "whole",
    findings: [],
    machines,
    vips: vips.map((v) => ({ ...v, candidates: [], late: [] })),
    tiers: {
      controllers: {
        primary: "slurm-m1",
        backups: [{ name: "slurm-m2", fit: true }],
        nodes: ["allocated", "allocated", "mixed", "idle"].map((state, i) => ({
          name: `compute${i + 1}`,
          state,
        })),
      },
      redis: {
        masters: ["redis2"],
        writable: true,
        replicas: ["redis1", "redis3"].map((name) => ({ name, linkUp: true })),
      },
      galera: {
        nodes: tiers["galera"]?.map(([name]) => ({
          name,
          state: "Synced",
          primary: true,
          size: 3,
        })),
      },
      entry: {
        pool: { size: pool.length, ...LIMITS },
        proxies: [proxy("haproxy1", 214), proxy("haproxy2", 0)],
      },
    },
  };
}

/** What takes long to make, once: the page, and a certificate. */
const ready = (() => {
  let made: ReturnType<typeof prepare> | undefined;
  return () => (made ??= prepare());
})();

async function prepare() {
  const purpose = { addresses: [LOOPBACK], client: false };
  const { ca, certificates } = issue({
    site: "made",
    subnet: "127.0.0.0/8",
    certificates: { console: purpose },
  });
  const pem = certificates["console"]?.pem ?? "";
  const hashed = (password: string) => hashPassword(password, undefined, QUICK);
  const users: User[] = [
    { name: "vera", role: "viewer", passwordHash: await hashed(PASSWORDS.vera) },
    { name: "omar", role: "operator", passwordHash: await hashed(PASSWORDS.omar) },
  ];
  return { ca, tls: { cert: pem, key: pem }, users, page: buildPage() };
}

/** Starts it on the loopback address, with a viewer and an operator. */
export async function startMade(source: ConsoleSource, more: Partial<ConsoleOptions> = {}) {
  const { ca, ...rest } = await ready();
  const log: string[] = [];
  const made = await startConsole({
    ...{ ...rest, address: LOOPBACK, port: 0, source },
    log: (text) => log.push(text),
    ...more,
  });
  const origin = `https://${LOOPBACK}:${made.port}`;
  return { ...made, origin, log, client: new Client(origin, ca) };
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json(): unknown;
}

/** As a browser: it keeps the cookie. */
export class Client {
  cookie?: string;

  constructor(
    private readonly origin: string,
    private readonly ca: string,
  ) {}

  /** Opens a request; its body is not read yet. */
  open(
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> {
    const post = body !== undefined;
    return new Promise((resolve, reject) => {
      request(
        `${this.origin}${path}`,
        {
          method: post ? "POST" : "GET",
          ca: this.ca,
          agent: false,
          headers: {
            ...(post && { origin: this.origin, "content-type": "application/json" }),
            ...(this.cookie !== undefined && { cookie: this.cookie }),
            ...headers,
          },
        },
        resolve,
      )
        .on("error", reject)
        .end(post ? (typeof body === "string" ? body : JSON.stringify(body)) : undefined);
    });
  }

  async ask(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const answer = await this.open(path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const all = Buffer.concat(chunks);
    const [set] = answer.headers["set-cookie"] ?? [];
    if (set !== undefined) this.cookie = set.split(";")[0];
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: all,
      json: () => JSON.parse(all.toString()) as unknown,
    };
  }

  logIn = (name: keyof typeof PASSWORDS): Promise<Reply> =>
    this.ask("/api/login", { name, password: PASSWORDS[name] });
}
