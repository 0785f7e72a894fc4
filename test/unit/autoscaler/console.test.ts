import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { COOKIE, type User } from "../../../autoscaler/console/login";
import { hashPassword } from "../../../autoscaler/console/passwords";
import type { History, ShownSnapshot } from "../../../autoscaler/console/wire";
import { MadeSource, PASSWORDS, type Reply, startMade } from "../../support/console";

/** A Tuesday in Seoul. */
const UNTIL = Date.parse("2026-11-24T15:58:40+09:00");
const source = new MadeSource(UNTIL);
let close = () => Promise.resolve();
afterEach(() => close());

async function start(of = source, more: Parameters<typeof startMade>[1] = {}) {
  const made = await startMade(of, more);
  close = () => made.close();
  return made;
}
const statuses = (replies: Reply[]) => replies.map(({ status }) => status);
const hold = { kind: "hold", size: 6, until: UNTIL + 3_600_000 };

describe("login", () => {
  it("gives a cookie that no script and no other site gets, and takes it back", async () => {
    const { client, log } = await start();
    const reply = await client.logIn("vera");
    expect(reply.json()).toEqual({ name: "vera", role: "viewer" });
    const cookie = reply.headers["set-cookie"]?.[0] ?? "";
    expect(cookie).toMatch(new RegExp(`^${COOKIE}=[\\w-]{43};`));
    for (const part of ["Path=/", "HttpOnly", "Secure", "SameSite=Strict"]) {
      expect(cookie).toContain(part);
    }
    expect(cookie).not.toContain("Domain");
    expect((await client.ask("/api/me")).json()).toEqual({ name: "vera", role: "viewer" });
    const old = client.cookie;
    expect((await client.ask("/api/logout", {})).status).toBe(204);
    client.cookie = old;
    expect((await client.ask("/api/me")).status).toBe(401);
    expect(log).toEqual(["console: vera (viewer) logged in from 127.0.0.1"]);
  });

  it("is needed for all that tells of the site", async () => {
    const { client } = await start();
    const paths = ["/api/me", "/api/snapshot", "/api/history", "/api/decision", "/api/events"];
    for (const path of paths) expect([path, (await client.ask(path)).status]).toEqual([path, 401]);
    expect((await client.ask("/api/orders", hold)).status).toBe(401);
  });

  it("says the same of a wrong name and a wrong password, and logs no name that may be a password", async () => {
    const { client, log } = await start();
    const name = await client.ask("/api/login", { name: "hunter2", password: "x" });
    const password = await client.ask("/api/login", { name: "vera", password: "x" });
    expect([name.status, name.json()]).toEqual([password.status, password.json()]);
    expect(name.status).toBe(401);
    expect(log.join()).not.toContain("hunter2");
  });

  it("slows who guesses, and nobody else's login with it", async () => {
    let now = UNTIL;
    const { client } = await start(source, { now: () => now });
    const guess = () => client.ask("/api/login", { name: "vera", password: "guess" });
    const replies = [await guess(), await guess(), await guess(), await guess()];
    expect(statuses(replies)).toEqual([401, 401, 401, 429]);
    expect(Number(replies[3]?.headers["retry-after"])).toBeGreaterThan(0);
    // Not even the right one is looked at before that.
    expect((await client.logIn("vera")).status).toBe(429);
    expect((await client.logIn("omar")).status).toBe(200);
    now += 1000;
    expect((await client.logIn("vera")).status).toBe(200);
  });

  it("looks at one guess of an address at a time", async () => {
    // At its full cost one takes longer than the others to come in.
    const passwordHash = await hashPassword(PASSWORDS.vera);
    const users: User[] = [{ name: "vera", role: "viewer", passwordHash }];
    const { client } = await start(source, { users });
    const tries = [1, 2, 3].map((n) =>
      client.ask("/api/login", { name: "vera", password: `${n}` }),
    );
    expect(statuses(await Promise.all(tries)).sort()).toEqual([401, 429, 429]);
  });
});

describe("orders", () => {
  it("are an operator's", async () => {
    const { client } = await start();
    await client.logIn("vera");
    expect((await client.ask("/api/orders", hold)).status).toBe(403);
    expect(source.orders).toEqual([]);
    await client.logIn("omar");
    expect((await client.ask("/api/orders", hold)).status).toBe(204);
    expect(source.orders.splice(0)).toEqual([{ order: hold, by: "omar" }]);
  });

  it("are refused from another site's page, and as a form", async () => {
    const { client, origin } = await start();
    await client.logIn("omar");
    const from = (headers: Record<string, string>) => client.ask("/api/orders", hold, headers);
    expect((await from({ origin: "https://evil.example" })).status).toBe(403);
    expect((await from({ origin: "null" })).status).toBe(403);
    expect((await from({ origin: origin.replace("https", "http") })).status).toBe(403);
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      expect((await from({ "content-type": type })).status).toBe(415);
    }
    expect(source.orders).toEqual([]);
  });

  it("are checked: what is not one, and what the site does not allow", async () => {
    const { client } = await start();
    await client.logIn("omar");
    expect((await client.ask("/api/orders", { kind: "explode" })).status).toBe(400);
    const wrong = await client.ask("/api/orders", { kind: "hold", size: 11, until: UNTIL - 1 });
    expect(wrong.status).toBe(400);
    expect((wrong.json() as { error: string }).error).toMatch(
      /size = 11: allowed is 2 to 10.*until = /,
    );
    expect((await client.ask("/api/orders", "x".repeat(5000))).status).toBe(413);
    expect(source.orders).toEqual([]);
  });

  it("say why the service does not take one", async () => {
    const of = new MadeSource(UNTIL);
    of.order = () => Promise.reject(new Error("another update runs"));
    const { client } = await start(of);
    await client.logIn("omar");
    const reply = await client.ask("/api/orders", { kind: "pause" });
    expect([reply.status, reply.json()]).toEqual([409, { error: "another update runs" }]);
  });
});

describe("what is shown", () => {
  it("holds no secret of the settings", async () => {
    const { client } = await start();
    await client.logIn("vera");
    const { body } = await client.ask("/api/snapshot");
    expect(body.toString()).not.toContain("hooks.example");
    expect((JSON.parse(body.toString()) as ShownSnapshot).settings.goals.connections).toBe(500);
  });

  it("has the day in one answer that is short, and what is new since a time", async () => {
    const { client } = await start();
    await client.logIn("vera");
    const { body, headers } = await client.ask("/api/history", undefined, {
      "accept-encoding": "gzip",
    });
    expect(headers["content-encoding"]).toBe("gzip");
    expect(body.length).toBeLessThan(100_000);
    const { rows, changes } = JSON.parse(gunzipSync(body).toString()) as History;
    expect(rows.length).toBe(2880);
    expect(changes.length).toBeGreaterThan(10);
    expect(changes[0]?.look.backends).toEqual([]);
    const more = (await client.ask(`/api/history?since=${UNTIL - 60_000}`)).json() as History;
    expect(more.rows.map(([at]) => at)).toEqual([UNTIL - 30_000, UNTIL]);
  });

  it("has the decision of any moment", async () => {
    const { client } = await start();
    await client.logIn("vera");
    const reply = await client.ask(`/api/decision?at=${UNTIL - 45_000}`);
    expect(reply.json()).toMatchObject({ at: UNTIL - 60_000 });
  });
});

describe("events", () => {
  it("tell what is there, what is new, and that the service lives; and end with the session", async () => {
    const of = new MadeSource(UNTIL);
    const { client, pages } = await start(of, { beat: 50 });
    await client.logIn("vera");
    expect(pages()).toBe(0);
    const stream = await client.open("/api/events");
    expect(stream.headers["content-type"]).toContain("text/event-stream");
    let said = "";
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    const ended = new Promise((resolve) =>
      stream.on("close", resolve).on("error", () => undefined),
    );
    await expect.poll(() => said).toContain('"site":"seoul-hpc"');
    expect(pages()).toBe(1);
    await expect.poll(() => said).toContain("event: beat");
    of.change({ site: "busan-hpc" });
    await expect.poll(() => said).toContain('"site":"busan-hpc"');
    await client.ask("/api/logout", {});
    await ended;
    await expect.poll(pages).toBe(0);
  });
});

describe("without a login", () => {
  it("there is the page, small, kept by its hash, and nothing from elsewhere runs in it", async () => {
    const { client } = await start();
    const page = await client.ask("/");
    const csp = page.headers["content-security-policy"] ?? "";
    expect(csp).toContain("default-src 'none'");
    expect(csp).not.toMatch(/unsafe|https?:|\*/);
    expect(page.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    });
    const files = [...page.body.toString().matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      (m) => m[1] ?? "",
    );
    expect(files).toHaveLength(3);
    for (const file of files) {
      expect(file).toMatch(/-[0-9a-f]{12}\.(js|css|svg)$/);
      const { status, headers, body } = await client.ask(file, undefined, {
        "accept-encoding": "gzip, br",
      });
      expect([status, headers["content-encoding"]]).toEqual([200, "br"]);
      expect(headers["cache-control"]).toContain("immutable");
      expect(body.length).toBeLessThan(60_000);
    }
    expect(page.body.toString()).not.toMatch(/<script>|style=|https?:\/\//);
  });

  it("there is a health check that fails when the autoscaler stands still", async () => {
    const of = new MadeSource(UNTIL);
    const { client } = await start(of);
    expect((await client.ask("/healthz")).json()).toEqual({ ok: true, secondsSinceLook: 0 });
    of.change({ now: UNTIL + 120_000 });
    expect((await client.ask("/healthz")).status).toBe(503);
  });

  it("there are metrics for this machine", async () => {
    const { client } = await start();
    expect((await client.ask("/metrics")).body.toString()).toBe("web_pool_size 5\n");
  });
});

it("closes at once, also while pages are open", async () => {
  const made = await start();
  const { client } = made;
  await client.ask("/api/login", { name: "vera", password: PASSWORDS.vera });
  const stream = await client.open("/api/events");
  stream.resume().on("error", () => undefined);
  await made.close();
  close = () => Promise.resolve();
  await expect(client.ask("/healthz")).rejects.toThrow();
});
