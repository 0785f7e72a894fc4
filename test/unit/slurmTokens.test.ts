import { createHmac } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { Commands } from "../support/program";

/** What makes tokens for the portal, with users of the test's. */
const commands = new Commands();
const program = path.join(projectRoot, "ansible/roles/slurm_rest/files/slurm-tokens");
const SECRET = "the portal's secret";
const KEY = "the key of tokens";
const told = {
  secret: SECRET,
  users: { admin: "kim", "김 철수": "kim", boss: "root", daemon: "slurm", gone: "ghost" },
  seconds: 300,
};
/** It knows these users, and says at which port it listens. */
const STARTED = `
import collections, pwd, runpy, sys, http.server
User = collections.namedtuple("User", "pw_uid pw_dir")
users = {"root": User(0, "/root"), "slurm": User(64030, "/"), "kim": User(2001, "/home/kim")}
pwd.getpwnam = lambda name: users[name]
serve = http.server.ThreadingHTTPServer.serve_forever
def told(self): print(self.server_address[1], flush=True); serve(self)
http.server.ThreadingHTTPServer.serve_forever = told
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
`;
let server: execa.ExecaChildProcess;
let url = "";
let log = "";

beforeAll(async () => {
  const [settings, key] = [commands.path("tokens.json"), commands.path("jwt.key")];
  writeFileSync(settings, `# Written by Ansible (role slurm_rest).\n${JSON.stringify(told)}\n`);
  writeFileSync(key, KEY);
  chmodSync(key, 0o600);
  server = execa("python3", ["-c", STARTED, program, "127.0.0.1", "0", settings, key]);
  server.stdout?.on("data", (data: Buffer) => (log += data.toString()));
  await until("it listens", 20, () => Promise.resolve(/^\d+\n/.test(log)));
  url = `http://127.0.0.1:${log.split("\n")[0]}`;
});
afterAll(async () => {
  server.kill("SIGTERM");
  await server.catch(() => undefined);
  commands.remove();
});

const now = () => Math.floor(Date.now() / 1000);
const sign = (account: string, time: number, secret = SECRET) =>
  createHmac("sha256", secret).update(`${account}\n${time}`).digest("hex");
const ask = async (body: unknown, at = "/token") => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(`${url}${at}`, { method: "POST", body: text });
  return { status: answer.status, said: (await answer.json()) as Record<string, string> };
};
const asked = (account: string, time = now(), secret?: string) =>
  ask({ account, time, signature: sign(account, time, secret) });

describe("tokens for the portal", () => {
  it.each(["admin", "김 철수"])("are made for the user of an account: %s", async (account) => {
    const { status, said } = await asked(account);
    expect([status, said["user"], said["home"]]).toEqual([200, "kim", "/home/kim"]);
    const [header = "", claims = "", signature] = (said["token"] ?? "").split(".");
    const read = (part: string) =>
      JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
    expect(read(header)).toEqual({ alg: "HS256", typ: "JWT" });
    const { sun, iat, exp } = read(claims);
    expect(sun).toBe("kim");
    expect(Number(exp) - Number(iat)).toBe(300);
    expect(Math.abs(Number(iat) - now())).toBeLessThan(10);
    const wanted = createHmac("sha256", KEY).update(`${header}.${claims}`).digest("base64url");
    expect(signature).toBe(wanted);
  });

  it.each([
    ["nobody has named", "stranger", 403, /account stranger has no user of the cluster/],
    ["is root's", "boss", 403, /user root is none who runs jobs/],
    ["is SlurmUser's", "daemon", 403, /user slurm is none who runs jobs/],
    ["is of nobody whom the controllers know", "gone", 403, /user ghost is not known/],
  ])("are not made for an account that %s", async (_, account, status, error) => {
    expect(await asked(account)).toEqual({
      status,
      said: { error: expect.stringMatching(error) as string },
    });
  });

  it("are made for nobody who does not know the secret, or said so long ago", async () => {
    const refused = { status: 401, said: { error: expect.any(String) as string } };
    expect(await asked("admin", now(), "another secret")).toEqual(refused);
    expect(await asked("admin", now() - 60)).toEqual(refused);
    expect(await asked("admin", now() + 60)).toEqual(refused);
    // Signed for another account.
    const time = now();
    expect(await ask({ account: "admin", time, signature: sign("gone", time) })).toEqual(refused);
  });

  it.each([
    ["no JSON", "{"],
    ["a list", []],
    ["no signature", { account: "admin", time: 1 }],
    ["a time that is none", { account: "admin", time: "soon", signature: "" }],
    ["half a character", '{"account": "\\ud800", "time": 1, "signature": ""}'],
    ["too deep", "[".repeat(4000)],
  ])("refuse %s", async (_, body) => {
    expect((await ask(body)).status).toBe(400);
  });

  it("say that they can be asked for, and nothing elsewhere", async () => {
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/token`)).status).toBe(404);
    expect((await ask({}, "/other")).status).toBe(404);
  });

  it("leave in the journal who asked for whom, and neither token nor signature", async () => {
    const time = now();
    const { said } = await asked("admin", time);
    await until("it is written", 10, () => Promise.resolve(/"status": 200.*\n$/.test(log)));
    expect(log).toContain('{"status": 200, "account": "admin", "user": "kim", "error": null}');
    expect(log).not.toContain(said["token"]);
    expect(log).not.toContain(sign("admin", time));
  });
});
