import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { application } from "../../portal/application";
import { type JobStore, Refused, SlurmJobs } from "../../portal/slurm";
import type { RestApi } from "../../portal/slurmRest";
import { StoreUnavailable } from "../../portal/stores";

/** What slurmrestd 22.05.8 said, and what that of 24.11.5 did (the same with -24.11). */
const said = (name: string) =>
  readFileSync(path.join(__dirname, "fixtures/slurmrestd", `${name}.txt`), "utf8");

const open: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

interface Answer {
  status?: number;
  text: string;
}
const NOW = 1_800_000_000_000;
const TOKEN = { user: "kim", home: "/home/kim", token: "kim's token", expires: NOW / 1000 + 300 };
const SECRET = "the portal's secret";

/** The entry with slurmrestd and who makes tokens behind it. */
async function slurm(
  answer: Answer,
  token: Answer = { text: JSON.stringify(TOKEN) },
  api: RestApi = "v0.0.38",
) {
  const asked: Pick<FastifyRequest, "method" | "url" | "headers" | "body">[] = [];
  const app = fastify();
  open.push(app);
  app.all("/*", ({ method, url, headers, body }, reply) => {
    asked.push({ method, url, headers, body });
    const { status = 200, text } = url === "/token" ? token : answer;
    return reply.code(status).send(text);
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const clock = { now: NOW };
  return { store: new SlurmJobs(url, SECRET, api, () => clock.now), asked, clock };
}

describe("jobs of an account", () => {
  it("are those of its user, asked for with a token of his", async () => {
    const { store, asked } = await slurm({ text: said("jobs") });
    const [job, ...others] = await store.jobs("admin");
    expect(others).toEqual([]);
    expect(job).toMatchObject({ id: 2, name: "hello", state: "PENDING", partition: "main" });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /token",
      "GET /slurm/v0.0.38/jobs",
    ]);
    const time = NOW / 1000;
    const signature = createHmac("sha256", SECRET).update(`admin\n${time}`).digest("hex");
    expect(asked[0]?.body).toEqual({ account: "admin", time, signature });
    expect(asked[1]?.headers).toMatchObject({
      "x-slurm-user-name": "kim",
      "x-slurm-user-token": "kim's token",
    });
    expect(JSON.stringify(asked)).not.toContain(SECRET);
  });

  it("need a token only now and then", async () => {
    const { store, asked, clock } = await slurm({ text: said("jobs") });
    const tokens = () => asked.filter(({ url }) => url === "/token").length;
    await store.jobs("admin");
    clock.now += 200_000;
    await store.jobs("admin");
    expect(tokens()).toBe(1);
    clock.now += 60_000;
    await store.jobs("admin");
    await store.jobs("lee");
    expect(tokens()).toBe(3);
  });

  it("are submitted in the user's home; one that waits for a node is submitted too", async () => {
    const { store, asked } = await slurm({ text: said("submitted") });
    expect(await store.submit("admin", { name: "hello", script: "#!/bin/sh\n" })).toBe(2);
    expect(asked[1]).toMatchObject({
      method: "POST",
      url: "/slurm/v0.0.38/job/submit",
      body: {
        script: "#!/bin/sh\n",
        job: { name: "hello", current_working_directory: "/home/kim" },
      },
    });
  });

  it("of Slurm 24.11 are asked for, submitted and refused by its API", async () => {
    const told = (name: string, status = 200) =>
      slurm({ status, text: said(`${name}-24.11`) }, undefined, "v0.0.42");
    const { store, asked } = await told("jobs");
    const [job] = await store.jobs("admin");
    expect(job).toMatchObject({ id: 2016, name: "hello", state: "RUNNING", partition: "main" });
    expect(job?.submitted.getFullYear()).toBe(2026);
    expect(asked[1]?.url).toBe("/slurm/v0.0.42/jobs");
    const hello = { name: "hello", script: "#!/bin/sh\n" };
    const submitted = await told("submitted");
    expect(await submitted.store.submit("admin", hello)).toBe(2016);
    const { body } = submitted.asked[1] as { body: { job: object } };
    expect(body.job).toMatchObject({ environment: ["PATH=/usr/local/bin:/usr/bin:/bin"] });
    await expect((await told("refused", 500)).store.submit("admin", hello)).rejects.toThrow(
      new Refused("Slurm: Invalid partition name specified."),
    );
    await expect((await told("untrusted", 511)).store.jobs("admin")).rejects.toBeInstanceOf(
      StoreUnavailable,
    );
  });

  it("are not listed where the queue is longer than the portal could read", async () => {
    const { store } = await slurm({ text: " ".repeat(9 * 1024 * 1024) });
    await expect(store.jobs("admin")).rejects.toThrow(/too long/);
  });

  it("are refused in Slurm's words", async () => {
    const { store } = await slurm({ status: 500, text: said("refused") });
    const submitted = store.submit("admin", { name: "hello", script: "#!/bin/sh\n" });
    await expect(submitted).rejects.toThrow(
      new Refused("Slurm: Invalid partition name specified."),
    );
  });

  it.each([
    ["an account without a user", { status: 403, text: "{}" }, Refused],
    ["a secret that is another", { status: 401, text: "{}" }, StoreUnavailable],
    ["no controller", { status: 503, text: "<html>" }, StoreUnavailable],
    ["nonsense", { text: "[]" }, StoreUnavailable],
  ])("are not there for %s", async (_, token, error) => {
    const { store } = await slurm({ text: said("jobs") }, token);
    await expect(store.jobs("admin")).rejects.toBeInstanceOf(error);
  });

  it.each([
    ["a token that slurmctld does not take", { status: 500, text: said("untrusted") }],
    ["no slurmrestd", { status: 503, text: "<html>" }],
  ])("can be asked for later with %s", async (_, answer) => {
    const { store, asked } = await slurm(answer);
    await expect(store.jobs("admin")).rejects.toBeInstanceOf(StoreUnavailable);
    // With another token.
    await expect(store.jobs("admin")).rejects.toBeInstanceOf(StoreUnavailable);
    expect(asked.filter(({ url }) => url === "/token")).toHaveLength(2);
  });
});

/** The dashboard, where the user of session `s` is admin. */
async function dashboard(jobs?: JobStore) {
  const none = () => Promise.reject(new Error("not asked"));
  const app = await application({
    service: "dashboard",
    basePath: "/dashboard",
    node: "web1",
    sessions: {
      create: none,
      remove: none,
      user: (id) => Promise.resolve(id === "s" ? "admin" : undefined),
    },
    users: { verify: none, setting: none, saveSetting: none },
    jobs,
    health: () => ({ status: "ok", redis: "ok", database: "ok" }),
  });
  open.push(app);
  return app;
}
const cookies = { portal_session: "s" };
const url = "/dashboard/jobs";
const job = {
  id: 7,
  name: "<b>",
  state: "RUNNING",
  partition: "main",
  submitted: new Date("2026-11-27T05:50:28Z"),
};

describe("the page of one's jobs", () => {
  const submitted: unknown[] = [];
  const store: JobStore = {
    jobs: (account) => Promise.resolve(account === "admin" ? [job] : []),
    submit: (...words) => Promise.resolve(submitted.push(words)),
  };

  it("is there only where the platform lets the service ask Slurm", async () => {
    const without = await dashboard();
    expect((await without.inject({ url, cookies })).body).toContain("<title>Dashboard</title>");
    expect((await without.inject({ url: "/dashboard", cookies })).body).not.toContain("jobs");
    const link = (await (await dashboard(store)).inject({ url: "/dashboard", cookies })).body;
    expect(link).toContain('<a href="/dashboard/jobs">');
  });

  it("lists them to who is logged in, and to nobody else", async () => {
    const app = await dashboard(store);
    const shown = await app.inject({ url, cookies });
    const row = ["7", "&lt;b&gt;", "RUNNING", "main", "2026-11-27 05:50:28"];
    expect(shown.body).toContain(`<tr>${row.map((text) => `<td>${text}</td>`).join("")}</tr>`);
    const stranger = await app.inject({ url });
    expect([stranger.statusCode, stranger.body.includes("RUNNING")]).toEqual([401, false]);
  });

  it("submits one, with line ends as a shell wants them", async () => {
    const app = await dashboard(store);
    const post = (payload: object, by: object = cookies) =>
      app.inject({ method: "POST", url, payload, cookies: { ...by } });
    const done = await post({ name: "hello", script: "hostname\r\ndate\r\n" });
    expect([done.statusCode, done.headers.location]).toEqual([303, url]);
    expect(submitted.splice(0)).toEqual([
      ["admin", { name: "hello", script: "#!/bin/sh\nhostname\ndate\n" }],
    ]);
    expect((await post({ name: "a b", script: "x" })).statusCode).toBe(400);
    expect((await post({ name: "hello", script: "x" }, {})).statusCode).toBe(401);
    expect(submitted).toEqual([]);
  });

  it.each([
    [new Refused("Slurm: <no>."), 403, "Slurm: &lt;no&gt;."],
    [new StoreUnavailable("slurm", "away"), 503, "Slurm cannot be asked at the moment."],
  ])("says why there is nothing: %s", async (error, status, text) => {
    const app = await dashboard({
      jobs: () => Promise.reject(error),
      submit: () => Promise.reject(error),
    });
    const payload = { name: "hello", script: "x" };
    for (const answer of [
      await app.inject({ url, cookies }),
      await app.inject({ method: "POST", url, cookies, payload }),
    ]) {
      expect([answer.statusCode, answer.body.includes(text)]).toEqual([status, true]);
    }
  });
});
