import type { AddressInfo, Socket } from "node:net";
import cookie from "@fastify/cookie";
import fastify, { type FastifyInstance } from "fastify";
import { checkOrder, orderSchema } from "../orders";
import { type Asset, buildPage } from "./build";
import { Events } from "./events";
import { sameOrigin, SECURITY_HEADERS } from "./headers";
import { json } from "./json";
import { login, sessionOf, type User } from "./login";
import { Sessions } from "./sessions";
import type { ConsoleSource } from "./source";
import { Timeline } from "./timeline";
import { monitorPages } from "./monitorPages";
import type { WatchSource } from "../watch";
import { EVENTS, type ShownSnapshot, type Snapshot, SPAN } from "./wire";

/** Nobody sends more than an order or a name, bytes. */
const BODY_LIMIT = 4096;
/** Connections at the same time; more are refused and the service stays well. */
const MOST_CONNECTIONS = 500;
/** A request has to have come by then, ms. */
const REQUEST_TIMEOUT = 10_000;
/** Looks that may be missed before the autoscaler counts as standing still. */
const MISSED_LOOKS = 3;

export interface ConsoleOptions {
  /** Address of this machine. */
  address: string;
  /** 0: any that is free. */
  port: number;
  /** PEM. */
  tls: { cert: string; key: string };
  users: User[];
  source: ConsoleSource;
  /** The site's monitor. Default: it has none. */
  watch?: WatchSource;
  /** Its files by path. Default: bundled now. */
  page?: Map<string, Asset>;
  /** Logins, refused logins and orders. Default: stdout, which is the journal. */
  log?: (text: string) => void;
  /** ms since 1970; of sessions and of guesses. Default: this machine's clock. */
  now?: () => number;
  /** How often an event stream that has nothing to say tells that it is there, ms. Default: `BEAT`. */
  beat?: number;
}

/** Serves the page until it is closed. `pages`: how many are open in browsers. */
export async function startConsole(
  options: ConsoleOptions,
): Promise<{ close(): Promise<void>; port: number; pages: () => number }> {
  const { address, port, tls, users, source, watch } = options;
  const { log = console.log, now = Date.now, beat } = options;
  const app = fastify({
    https: { ...tls, minVersion: "TLSv1.2" },
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers({ ...SECURITY_HEADERS, "cache-control": "no-store" });
    done();
  });
  app.addHook("onRequest", sameOrigin);
  app.setErrorHandler((error, _request, reply) => {
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (statusCode >= 500) log(`console: ${message}`);
    return reply.code(statusCode).send({ error: statusCode >= 500 ? "internal error" : message });
  });
  await app.register(cookie);
  const sessions = new Sessions(now);
  await app.register((scope) => login(scope, { users, sessions, log, now }));
  const events = new Events(beat);
  const timeline = new Timeline(source.history(source.snapshot().now - SPAN));
  const unsubscribe = source.subscribe(() => {
    const { decision } = source.snapshot();
    if (decision !== undefined) timeline.add(decision);
    events.tell(EVENTS.snapshot, JSON.stringify(shown(source.snapshot())));
  });
  files(app, options.page ?? buildPage());
  open(app, source);
  await app.register((scope) => closed(scope, { source, sessions, timeline, events, log, watch }));
  app.addHook("preClose", (done) => {
    unsubscribe();
    events.close();
    done();
  });
  await app.listen({ host: address, port });
  const { port: own } = app.server.address() as AddressInfo;
  return { close: () => app.close(), port: own, pages: () => events.size };
}

/** What a browser may know: alerts' receivers are secrets. */
function shown({ settings, ...snapshot }: Snapshot): ShownSnapshot {
  const { alerts: _alerts, console: _console, ...rest } = settings;
  return { ...snapshot, settings: rest };
}

function files(app: FastifyInstance, assets: Map<string, Asset>): void {
  for (const [file, { type, immutable, body }] of assets) {
    app.get(file, (request, reply) => {
      const accepted = request.headers["accept-encoding"] ?? "";
      const encoding = (["br", "gzip"] as const).find((e) => accepted.includes(e));
      reply.header("content-type", type).header("vary", "accept-encoding");
      if (immutable) reply.header("cache-control", "public, max-age=31536000, immutable");
      if (encoding !== undefined) reply.header("content-encoding", encoding);
      return reply.send(body[encoding ?? "identity"]);
    });
  }
}

/** What needs no login. */
function open(app: FastifyInstance, source: ConsoleSource): void {
  app.get("/healthz", (_request, reply) => {
    const { now, decision, settings } = source.snapshot();
    const age = decision === undefined ? undefined : Math.round((now - decision.at) / 1000);
    const ok = age !== undefined && age <= MISSED_LOOKS * settings.everySeconds;
    return reply.code(ok ? 200 : 503).send({ ok, secondsSinceLook: age });
  });
  // Prometheus cannot log in, and what it reads tells how busy the site is: only from this machine.
  app.get("/metrics", async (request, reply) => {
    if (!isOwnMachine(request.socket))
      return reply.code(403).send({ error: "only from its machine" });
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await source.metrics());
  });
}

const isOwnMachine = ({ remoteAddress, localAddress }: Socket): boolean =>
  remoteAddress !== undefined && remoteAddress === localAddress;

interface Inside {
  source: ConsoleSource;
  sessions: Sessions;
  timeline: Timeline;
  events: Events;
  log: (text: string) => void;
  watch: WatchSource | undefined;
}

/** What needs a login. */
function closed(
  app: FastifyInstance,
  { source, sessions, timeline, events, log, watch }: Inside,
): void {
  app.addHook("onRequest", async (request, reply) => {
    if (sessionOf(request, sessions) === undefined) {
      await reply.code(401).send({ error: "not logged in" });
    }
  });
  monitorPages(app, { watch, sessions, log });
  app.get("/api/snapshot", (request, reply) => json(request, reply, shown(source.snapshot())));
  app.get<{ Querystring: { since?: string } }>("/api/history", (request, reply) =>
    json(request, reply, timeline.since(Number(request.query.since ?? 0) || 0)),
  );
  app.get<{ Querystring: { at?: string } }>("/api/decision", (request, reply) => {
    const decision = timeline.at(Number(request.query.at ?? 0) || 0);
    if (decision === undefined) return reply.code(404).send({ error: "no decision yet" });
    return json(request, reply, decision);
  });
  app.get("/api/events", (request, reply) => {
    if (events.full) return reply.code(503).send({ error: "too many pages are open" });
    const allowed = () => sessionOf(request, sessions) !== undefined;
    reply.hijack();
    events.open(reply.raw, SECURITY_HEADERS, JSON.stringify(shown(source.snapshot())), allowed);
    return reply;
  });
  app.post("/api/orders", async (request, reply) => {
    const session = sessionOf(request, sessions);
    if (session?.role !== "operator") {
      return reply.code(403).send({ error: "only an operator gives orders" });
    }
    const parsed = orderSchema.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: "not an order" });
    const { limits, now } = source.snapshot();
    const faults = checkOrder(parsed.data, limits, now);
    if (faults.length > 0) return reply.code(400).send({ error: faults.join("; ") });
    try {
      await source.order(parsed.data, session.user);
    } catch (error) {
      return reply.code(409).send({ error: (error as Error).message });
    }
    log(`console: order of ${session.user}: ${JSON.stringify(parsed.data)}`);
    return reply.code(204).send();
  });
}
