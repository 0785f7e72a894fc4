import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { AUTHORITY, Certificates } from "../support/ownCertificate";
import { Commands } from "../support/program";

/** What is asked on a machine, with its files in a directory of the test's. */
const commands = new Commands();
afterAll(commands.remove);
const made = new Certificates(commands.path("certificates"));
const script = readFileSync(
  path.join(projectRoot, "ansible/roles/galera/files/mariadb-why"),
  "utf8",
)
  .replaceAll("settings=/etc/mysql/", `settings=${commands.path("mysql")}/`)
  .replaceAll("/etc/mysql/my.cnf", commands.path("mysql", "my.cnf"))
  .replaceAll("-p /run", `-p ${commands.directory}`);
const file = commands.path("mysql", "mariadb.conf.d", "99-site.cnf");
const settings = "[mysqld]\nport = 3306\ninnodb_lock_wait_timeout = 900\n";
const error = (text: string) => `2026-11-26 14:32:08 0 [ERROR] ${text}\n`;

beforeAll(async () => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(commands.path("mysql", "my.cnf"), `!includedir ${path.dirname(file)}/\n`);
  writeFileSync(file, settings);
  for (const name of ["ca", "other"]) await made.make(name, undefined, AUTHORITY);
});
const pem = (certificate: string, key: string) =>
  made.read(`${certificate}.pem`) + made.read(`${key}.key`);

/** The script is given as text, as Ansible gives it. */
const run = async (word: string, input: string) => {
  const env = { PATH: `${commands.path("bin")}:${process.env["PATH"]}` };
  const { stdout } = await execa("sh", ["-c", `set -- ${word}\n${script}`], { input, env });
  return stdout;
};
/** A mariadbd that says this of its settings, and of which file they were. */
const says = (text: string) =>
  commands.set("mariadbd", `cat "\${1#*=}" >${commands.path("asked")}\ncat >&2 <<'X'\n${text}X\n`);
const tryOut = (cnf: string, server = pem("ca", "ca")) =>
  run("try", `=== 99-site.cnf\n${cnf}=== server.pem\n${server}=== ca.pem\n${made.read("ca.pem")}`);

it("settings that MariaDB takes: nothing is said, and nothing is put in place", async () => {
  says("2026-11-26 14:32:08 0 [Warning] Could not increase number of max_open_files\n");
  expect(await tryOut("[mysqld]\nport = 1\n")).toBe("");
  expect(readFileSync(file, "utf8")).toBe(settings);
  // The new file is among those that it read, not the old one.
  const asked = readFileSync(commands.path("asked"), "utf8");
  expect(asked).toMatch(/^!includedir \S+\/tried\/$/m);
  expect(asked).not.toContain(path.dirname(file));
});

it.each([
  ["unknown variable 'innodb_foo=3'", "2: unknown variable 'innodb_foo=3'"],
  // Not what is written in the file: it is the same name.
  [
    "Error while setting value 'x' to 'innodb-foo'",
    "2: Error while setting value 'x' to 'innodb-foo'",
  ],
])("a setting that MariaDB refuses is told with its file and line: %s", async (said, told) => {
  says(error(`/usr/sbin/mariadbd: ${said}`) + error("Aborting"));
  expect(await tryOut("[mysqld]\ninnodb_foo = 3\n")).toBe(`${file}:${told}`);
});

it("a value that MariaDB would set otherwise is refused too: with it wsrep_on = 7 is off", async () => {
  says("2026 0 [Warning] option 'wsrep_on': boolean value '7' wasn't recognized. Set to OFF.\n");
  const told = "2: option 'wsrep_on': boolean value '7' wasn't recognized. Set to OFF.";
  expect(await tryOut("[mysqld]\nwsrep_on = 7\n")).toBe(`${file}:${told}`);
});

it.each([
  ["another's key", () => pem("ca", "other"), "the private key is not the one of the certificate"],
  ["a foreign CA", () => pem("other", "other"), "the certificate is not of the site's CA"],
  ["no certificate", () => "x\n", "no certificate"],
])("a certificate with %s is refused before it replaces the old", async (_, server, told) => {
  says("");
  expect(await tryOut(settings, server())).toBe(`/etc/mysql/server.pem: ${told}`);
});

it("after a failed start: the first error of the last one, not what followed from it", async () => {
  const start = "Starting mariadb.service - MariaDB 10.11.19 database server...\n";
  const up = "Started mariadb.service - MariaDB 10.11.19 database server.\n";
  const journal = [start, error("long ago"), start, up, error("of old"), start].join("");
  const last =
    error("mariadbd: unknown variable 'port=x'") + error("Failed to load") + error("Aborting");
  commands.set("journalctl", `cat <<'X'\n${journal}${last}X\n`);
  expect(await run("", "")).toBe(`${file}:2: unknown variable 'port=x'`);
  commands.set("journalctl", `cat <<'X'\n${start}${error("mended")}${start}${up}X\n`);
  expect(await run("", "")).toBe("");
});
