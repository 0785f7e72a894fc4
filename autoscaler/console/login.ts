import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { costOf, hashPassword, verifyPassword } from "./passwords";
import { Patience } from "./patience";
import type { Session, Sessions } from "./sessions";
import type { Me, Role } from "./wire";

export interface User {
  name: string;
  role: Role;
  /** By `hashPassword`. */
  passwordHash: string;
}

/** With this prefix a browser takes it from this host only, by TLS only, and sends it to all paths. */
export const COOKIE = "__Host-hpc-ha";
const COOKIE_OPTIONS = { path: "/", httpOnly: true, secure: true, sameSite: "strict" } as const;

/** Guesses of one user's password from one address: some slips are free, then 1 s, 2 s, … */
const EACH_USER = { free: 3, first: 1, most: 60 };
/** All guesses from one address: enough for many people behind one gateway. */
const EACH_ADDRESS = { free: 30, first: 1, most: 10 };

const credentials = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
});

interface LoginOptions {
  users: User[];
  sessions: Sessions;
  log: (text: string) => void;
  /** ms since 1970. */
  now: () => number;
}

/** Who asks; undefined when nobody is logged in. */
export const sessionOf = (request: FastifyRequest, sessions: Sessions): Session | undefined =>
  sessions.use(request.cookies[COOKIE]);

/** Login, logout, and who one is. */
export async function login(app: FastifyInstance, options: LoginOptions): Promise<void> {
  const { users, sessions, log, now } = options;
  const byUser = new Patience(EACH_USER, now);
  const byAddress = new Patience(EACH_ADDRESS, now);
  // A name that is not there takes as long as one that is.
  const [somebody] = users;
  const cost = somebody && costOf(somebody.passwordHash);
  const nobody = await hashPassword(randomBytes(16).toString("hex"), undefined, cost);
  // One guess at a time: each takes 32 MiB, and a core.
  let last: Promise<unknown> = Promise.resolve();
  /** Addresses with a guess that is being looked at: each has one, so that none can fill the queue. */
  const waiting = new Set<string>();
  const check = (password: string, hash: string): Promise<boolean> => {
    const next = last.then(() => verifyPassword(password, hash));
    last = next.catch(() => undefined);
    return next;
  };
  const slow = (reply: FastifyReply, seconds: number) =>
    reply.code(429).header("retry-after", seconds).send({ error: "too many attempts" });

  app.post("/api/login", async (request, reply) => {
    const parsed = credentials.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: "name and password" });
    const { name, password } = parsed.data;
    const address = request.socket.remoteAddress ?? "";
    const pair = JSON.stringify([name, address]);
    const pause = Math.max(byUser.wait(pair), byAddress.wait(address));
    if (pause > 0 || waiting.has(address)) return slow(reply, Math.max(1, pause));
    byUser.begin(pair);
    byAddress.begin(address);
    waiting.add(address);
    const user = users.find((u) => u.name === name);
    const right = await check(password, user?.passwordHash ?? nobody).finally(() =>
      waiting.delete(address),
    );
    if (user === undefined || !right) {
      byUser.failed(pair);
      byAddress.failed(address);
      // What is typed as a name may be a password.
      log(`console: login refused: ${user?.name ?? "unknown user"} from ${address}`);
      return reply.code(401).send({ error: "name or password is wrong" });
    }
    byUser.forget(pair);
    byAddress.takeBack(address);
    log(`console: ${name} (${user.role}) logged in from ${address}`);
    reply.setCookie(COOKIE, sessions.begin({ user: name, role: user.role }), COOKIE_OPTIONS);
    return { name, role: user.role } satisfies Me;
  });

  app.post("/api/logout", (request, reply) => {
    sessions.end(request.cookies[COOKIE]);
    return reply.clearCookie(COOKIE, COOKIE_OPTIONS).code(204).send();
  });

  app.get("/api/me", (request, reply) => {
    const session = sessionOf(request, sessions);
    if (session === undefined) return reply.code(401).send({ error: "not logged in" });
    return reply.send({ name: session.user, role: session.role } satisfies Me);
  });
}
