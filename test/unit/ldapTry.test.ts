import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** What tries an LDAP before its settings are written, with an ldapsearch that says what the real one was seen to say. */
const commands = new Commands();
afterAll(commands.remove);
const program = path.join(projectRoot, "ansible/roles/users/files/ldap-try.py");
const SECRET = "pass {{ 7 }} $HOME";
const told = {
  conf: "[sssd]\n",
  ca: "the CA\n",
  uris: ["ldaps://a.example.org", "ldap://b.example.org"],
  base: "dc=example,dc=org",
  bind: "cn=hpc,dc=example,dc=org",
  password: SECRET,
  seconds: 3,
};
const asked = () => readFileSync(commands.path("asked"), "utf8").trim().split("\n");

async function tryOut(input: object = told, ...words: string[]) {
  const { exitCode, stdout, stderr } = await execa(
    "python3",
    [program, commands.directory, ...words],
    {
      input: JSON.stringify(input),
      env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
      reject: false,
    },
  );
  return { exitCode, said: stdout + stderr };
}

/** @param answer shell text; $2 of it is the server */
const ldapsearch = (answer: string) =>
  commands.set(
    "ldapsearch",
    `echo "$@" >>${commands.path("asked")}
while [ $# -gt 0 ]; do case $1 in
  -y) stat -c %a "$2"; cat "$2" "$LDAPTLS_CACERT"; shift ;;
  -H) uri=$2; shift ;;
esac; shift; done >>${commands.path("given")}
case $uri in ${answer} esac`,
  );

beforeEach(() => {
  mkdirSync(commands.path("etc/sssd"), { recursive: true });
  for (const file of ["asked", "given", "etc/sssd/sssd.conf", "etc/sssd/site-ca.pem"]) {
    writeFileSync(commands.path(file), "");
  }
  commands.set("sssctl", "");
});

it("one server that takes it is enough; each is asked over TLS, and the password is on no command line", async () => {
  ldapsearch("*a.ex*) exit 0 ;; *) exit 255 ;;");
  expect(await tryOut()).toEqual({ exitCode: 0, said: "" });
  const [first, second] = asked();
  expect(first).toContain("-H ldaps://a.example.org -b dc=example,dc=org -s base");
  expect(first).not.toContain("-ZZ");
  expect(second).toContain("-ZZ");
  expect(asked().join()).not.toContain("{{");
  expect(readFileSync(commands.path("given"), "utf8")).toContain(`600\n${SECRET}the CA\n`);
});

it("says why each refuses it", async () => {
  ldapsearch(`*a.ex*) echo 'ldap_bind: Invalid credentials (49)' >&2; exit 49 ;;
    *) echo "ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1)" >&2; exit 255 ;;`);
  const uris = ["ldaps://a.example.org", "ldaps://127.0.0.1:1"];
  expect(await tryOut({ ...told, uris })).toEqual({
    exitCode: 1,
    said:
      "users.ldap: ldaps://a.example.org: ldap_bind: Invalid credentials (49) (users.ldap.bind is not right)\n" +
      "users.ldap: ldaps://127.0.0.1:1: ldap_sasl_bind(SIMPLE): Can't contact LDAP server (-1) ([Errno 111] Connection refused)",
  });
});

it("says once what sssd itself refuses, and asks nobody then", async () => {
  ldapsearch("*) exit 0 ;;");
  const rule = "[rule/allowed_domain_options]";
  const why = "Attribute 'enumerat' is not allowed in section 'domain/site'. Check for typos.";
  commands.set(
    "sssctl",
    `echo "Issues identified by validators: 1"; echo "${rule}: ${why}"; exit 1`,
  );
  expect(await tryOut()).toEqual({ exitCode: 1, said: `users.ldap: sssd: ${why}` });
  expect(asked()).toEqual([""]);
});

it("knows an image that is too old, and packages that are yet to come", async () => {
  const bin = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  symlinkSync("/usr/bin/python3", path.join(bin, "python3"));
  const start = (...words: string[]) =>
    execa("/usr/bin/python3", [program, ...words], {
      input: JSON.stringify(told),
      env: { PATH: bin },
      extendEnv: false,
      reject: false,
    });
  const { exitCode, stderr } = await start();
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("without sssctl")]);
  expect((await start("--look")).stdout).toBe("later");
  rmSync(bin, { recursive: true });
});

it("asks nobody for what is there already", async () => {
  ldapsearch("*) exit 255 ;;");
  writeFileSync(commands.path("etc/sssd/sssd.conf"), told.conf);
  expect((await tryOut()).exitCode).toBe(1);
  writeFileSync(commands.path("etc/sssd/site-ca.pem"), told.ca);
  expect((await tryOut()).exitCode).toBe(0);
});

it("asks as nobody where nobody is named", async () => {
  ldapsearch("*) exit 0 ;;");
  expect((await tryOut({ ...told, bind: "", password: "" })).exitCode).toBe(0);
  expect(asked().join()).not.toMatch(/ -[Dy] /);
});
