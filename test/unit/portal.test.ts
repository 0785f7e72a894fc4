import type { FastifyInstance } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { application } from "../../portal/application";
import { hash, matches } from "../../portal/database";
import type { ServiceName } from "../../portal/catalogue";
import { parseEnvironment } from "../../portal/environment";
import { HealthWatch } from "../../portal/health";
import { type SessionStore, StoreUnavailable, type UserStore } from "../../portal/stores";

/** Both stores in memory; one set of them is what all nodes share. */
class Stores implements SessionStore, UserStore {
  readonly sessions = new Map<string, string>();
  private readonly settings = new Map<string, string>();
  down: "redis" | "database" | undefined;

  create(user: string) {
    this.sessions.set(`id-${user}`, user);
    return Promise.resolve(`id-${user}`);
  }
  user(id: string) {
    if (this.down === "redis") return Promise.reject(new StoreUnavailable("redis", "down"));
    return Promise.resolve(this.sessions.get(id));
  }
  remove(id: string) {
    this.sessions.delete(id);
    return Promise.resolve();
  }
  verify(user: string, password: string) {
    if (this.down === "database") return Promise.reject(new StoreUnavailable("database", "down"));
    return Promise.resolve(user === "admin" && password === "right");
  }
  setting(user: string, key: string) {
    return Promise.resolve(this.settings.get(`${user}/${key}`));
  }
  saveSetting(user: string, key: string, value: string) {
    this.settings.set(`${user}/${key}`, value);
    return Promise.resolve();
  }
}

const open: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

async function serve(service: ServiceName, basePath: string, stores = new Stores(), node = "web1") {
  const app = await application({
    service,
    basePath,
    node,
    sessions: stores,
    users: stores,
    health: () => ({ status: "ok", redis: "ok", database: "unreachable" }),
  });
  open.push(app);
  return app;
}

const login = (app: FastifyInstance, password: string) =>
  app.inject({ method: "POST", url: "/auth/login", payload: { user: "admin", password } });

describe("authentication", () => {
  it("makes a session that other nodes know, and ends it", async () => {
    const stores = new Stores();
    const first = await serve("auth_portal", "/auth", stores);
    const second = await serve("auth_portal", "/auth", stores, "web2");
    const made = await login(first, "right");
    expect(made.statusCode).toBe(200);
    const cookie = made.cookies[0];
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
    const cookies = { portal_session: cookie?.value ?? "" };
    const seen = await second.inject({ url: "/auth/session", cookies });
    expect(seen.json()).toEqual({ user: "admin" });
    expect(seen.headers["x-served-by"]).toBe("web2");
    await second.inject({ method: "POST", url: "/auth/logout", cookies });
    expect((await first.inject({ url: "/auth/session", cookies })).statusCode).toBe(401);
  });

  it("refuses a wrong password and an incomplete form", async () => {
    const app = await serve("auth_portal", "/auth");
    expect((await login(app, "wrong")).statusCode).toBe(401);
    const form = await app.inject({ method: "POST", url: "/auth/login", payload: { user: "x" } });
    expect(form.statusCode).toBe(400);
  });

  it("asks to try again, and tells nothing else, when a store is down", async () => {
    const stores = new Stores();
    stores.down = "database";
    const answer = await login(await serve("auth_portal", "/auth", stores), "right");
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["retry-after"]).toBe("2");
    expect(answer.json()).toEqual({ error: "database is not reachable" });
  });

  it("sends a browser that posted the form to the dashboard", async () => {
    const app = await serve("auth_portal", "/auth");
    const answer = await app.inject({
      method: "POST",
      url: "/auth/login",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: "user=admin&password=right",
    });
    expect([answer.statusCode, answer.headers["location"]]).toEqual([303, "/dashboard"]);
  });
});

describe("settings", () => {
  it("are the user's own and need a session", async () => {
    const stores = new Stores();
    const app = await serve("backend", "/dashboard/api", stores);
    const url = "/dashboard/api/settings/theme";
    const put = (cookies: Record<string, string>) =>
      app.inject({ method: "PUT", url, cookies, payload: { value: "dark" } });
    expect((await put({})).statusCode).toBe(401);
    const cookies = { portal_session: await stores.create("admin") };
    expect((await app.inject({ url, cookies })).statusCode).toBe(404);
    expect((await put(cookies)).json()).toEqual({ value: "dark" });
    expect((await app.inject({ url, cookies })).json()).toEqual({ value: "dark" });
    const bad = await app.inject({ url: "/dashboard/api/settings/a%20b", cookies });
    expect(bad.statusCode).toBe(400);
  });
});

describe("pages", () => {
  it("are served below their path only, with and without Redis", async () => {
    const stores = new Stores();
    const app = await serve("dashboard", "/dashboard", stores);
    expect((await app.inject({ url: "/elsewhere" })).statusCode).toBe(404);
    expect((await app.inject({ url: "/dashboard/any/depth" })).body).toContain("Not logged in.");
    stores.down = "redis";
    const answer = await app.inject({ url: "/dashboard", cookies: { portal_session: "x" } });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain("Sessions cannot be read");
  });

  it("show a user's name as text, never as HTML", async () => {
    const stores = new Stores();
    const app = await serve("app", "/app", stores);
    const cookies = { portal_session: await stores.create("<b>") };
    expect((await app.inject({ url: "/app", cookies })).body).toContain("as &lt;b&gt;.");
  });
});

describe("health", () => {
  it("answers 200 while the service serves, and tells which store cannot be reached", async () => {
    const answer = await (await serve("app", "/app")).inject({ url: "/health" });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ redis: "ok", database: "unreachable" });
  });

  it("follows the stores", async () => {
    let up = false;
    const flaky = { ping: () => (up ? Promise.resolve() : Promise.reject(new Error("down"))) };
    const watch = new HealthWatch({ redis: flaky, database: { ping: () => Promise.resolve() } });
    expect(watch.health).toMatchObject({ redis: "unreachable", database: "unreachable" });
    await watch.start();
    expect(watch.health).toMatchObject({ redis: "unreachable", database: "ok" });
    watch.close();
    up = true;
    await watch.start();
    expect(watch.health.redis).toBe("ok");
  });
});

describe("a WebSocket", () => {
  it("tells the address of the user that HAProxy states", async () => {
    const app = await serve("websocket", "/vnc");
    const headers = { "x-forwarded-for": "192.0.2.7" };
    const answer = await app.inject({ url: "/vnc", headers });
    expect(answer.json()).toEqual({ websocket: "/vnc/echo", node: "web1", client: "192.0.2.7" });
  });

  it("tells its node, echoes, and is closed as going away at a stop", async () => {
    const app = await serve("websocket", "/vnc");
    const address = await app.listen({ host: "127.0.0.1", port: 0 });
    const socket = new WebSocket(`${address.replace("http", "ws")}/vnc/echo`);
    const received = (socket: WebSocket) =>
      new Promise<string>((resolve) =>
        socket.once("message", (data: Buffer) => resolve(data.toString())),
      );
    expect(await received(socket)).toBe('{"node":"web1"}');
    const echoed = received(socket);
    socket.send("hello");
    expect(await echoed).toBe("hello");
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await app.close();
    expect(await closed).toBe(1001);
  });
});

describe("passwords", () => {
  it("match their own hash and no other", async () => {
    const stored = await hash("secret");
    expect(await hash("secret")).not.toBe(stored);
    expect(await matches("secret", stored)).toBe(true);
    expect(await matches("Secret", stored)).toBe(false);
    expect(await matches("secret", "plain")).toBe(false);
  });
});

describe("the environment", () => {
  it("names every fault and no value", () => {
    const faults = () =>
      parseEnvironment({ PORT: "99999", REDIS_PASSWORD: "", DB_PASSWORD: "abc" });
    expect(faults).toThrow(/PORT[\s\S]*BASE_PATH[\s\S]*REDIS_PASSWORD/);
    expect(faults).not.toThrow(/99999|abc/);
  });
});
