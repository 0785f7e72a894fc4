import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const script = readFileSync(path.join(projectRoot, "ansible/roles/redis/files/redis-try"), "utf8");

/** A program that listens on the socket that it is given, as Redis does once it has taken its settings. */
const listens = `cp "$1" ${commands.path("$(basename $0)")}
echo "$@" >>${commands.path("arguments")}
exec python3 -c '
import signal, socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[sys.argv.index("--unixsocket") + 1])
signal.pause()' "$@"
`;
const fails = (said: string) => `cat <<'X'\n${said}\nX\nexit 1\n`;
const FATAL =
  "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line";

beforeEach(() => {
  for (const program of ["redis-server", "redis-sentinel"]) commands.set(program, listens);
  commands.set("redis-cli", "echo PONG");
});

/** What is said of these settings, the script being given as text as Ansible gives it. */
const tryOut = async (seed = "sentinel monitor site 10.0.0.131 6379 2") => {
  const users = "# what users.acl is made from\nuser admin on";
  const input = `=== site.conf\nport 0\n=== sentinel.seed\n${seed}\n=== users.seed\n${users}\n=== server.pem\n=== ca.pem\n`;
  const env = { PATH: `${commands.path("bin")}:${process.env["PATH"]}` };
  const text = script.replaceAll("-p /run", `-p ${commands.directory}`);
  return (await execa("sh", ["-c", text], { input, env })).stdout;
};
const left = () => readdirSync(commands.directory).filter((name) => name.startsWith("tmp."));

it("settings that both take: nothing is said, nothing is left, and no port was opened", async () => {
  expect(await tryOut()).toBe("");
  expect(left()).toEqual([]);
  const started = readFileSync(commands.path("arguments"), "utf8").trim().split("\n");
  expect(started).toHaveLength(2);
  for (const line of started) expect(line).toContain("--port 0 --tls-port 0 --unixsocket");
});

it("the Sentinel that tries them is not heard of by the master, and so not by the others", async () => {
  await tryOut();
  const tried = readFileSync(commands.path("redis-sentinel"), "utf8");
  expect(tried).toBe("sentinel monitor site 127.0.0.1 1 1\n");
});

it.each([
  [
    "site.conf",
    "redis-server",
    `${FATAL} 19\n>>> 'appendfsync foo'\nargument(s) must be one of: everysec, always, no`,
    "site.conf:19: 'appendfsync foo' argument(s) must be one of: everysec, always, no",
  ],
  [
    "sentinel.seed",
    "redis-sentinel",
    `${FATAL} 22\n>>> 'sentinel failover-timeout site x'\nnegative or zero time parameter.`,
    "sentinel.seed:22: 'sentinel failover-timeout site x' negative or zero time parameter.",
  ],
  [
    "a user's rights",
    "redis-server",
    "1:M 26 Nov 2026 15:27:07.896 # Server initialized\n1:M 26 Nov 2026 15:27:07.896 # Aborting Redis startup because of ACL errors: /etc/redis/users.acl:2: Unknown command",
    "site.conf: /etc/redis/users.acl:2: Unknown command",
  ],
  [
    "a certificate with another key",
    "redis-server",
    "1:C 26 Nov 2026 15:09:35.041 # Failed to load private key: server.pem: key values mismatch\n1:C 26 Nov 2026 15:09:35.041 # Failed to configure TLS. Check logs for more info.",
    "site.conf: Failed to load private key: server.pem: key values mismatch",
  ],
])("%s is refused with file, line and Redis' own words", async (_, program, said, told) => {
  commands.set(program, fails(said));
  expect(await tryOut()).toBe(`/etc/redis/${told}`);
  expect(left()).toEqual([]);
});

it("a Redis that ends once its socket is there is no Redis that took its settings", async () => {
  commands.set("redis-server", `${listens.replace("signal.pause()", "sys.exit(1)")}`);
  commands.set("redis-cli", "exit 1");
  expect(await tryOut()).toMatch(/^\/etc\/redis\/site.conf:/);
});

it("a line with a secret is not repeated", async () => {
  commands.set(
    "redis-server",
    fails(`${FATAL} 14\n>>> 'requirepass s3cret x'\nwrong number of arguments`),
  );
  expect(await tryOut()).toBe("/etc/redis/site.conf:14: requirepass wrong number of arguments");
});
