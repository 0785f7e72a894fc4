import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** What a HAProxy machine is asked before its files are replaced, with its files in a directory of the test's. */
const commands = new Commands();
afterAll(commands.remove);
const trial = path.join(projectRoot, "ansible/roles/entry/files/trial.py");
const certificate = commands.path("haproxy", "site.pem");
const configuration = commands.path("haproxy", "haproxy.cfg");
const ca = commands.path("haproxy", "ca.pem");

const openssl = (...args: string[]) => execa.sync("openssl", args).stdout;
const read = (name: string) => readFileSync(commands.path(name), "utf8");
beforeAll(() => {
  mkdirSync(path.dirname(certificate));
  for (const name of ["one", "other"]) {
    const key = commands.path(`${name}.key`);
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key);
    const subject = ["-subj", `/CN=${name}`, "-out", commands.path(`${name}.crt`)];
    openssl("req", "-x509", "-key", key, "-days", "2", ...subject);
  }
  const request = ["-key", commands.path("one.key"), "-subj", "/CN=one"];
  openssl("req", "-new", ...request, "-out", commands.path("request"));
  const signed = ["-in", commands.path("request"), "-signkey", commands.path("one.key")];
  openssl("x509", "-req", ...signed, "-days", "-1", "-out", commands.path("expired.crt"));
  const secret = ["-aes256", "-passout", "pass:abcd", "-out", commands.path("secret.key")];
  openssl("pkey", "-in", commands.path("one.key"), ...secret);
  // It takes what refers to a certificate and to the CA that are there, and has no word "wrong" in it.
  commands.set(
    "haproxy",
    `for file; do :; done
echo "$file" >>${commands.path("tried")}
set -- $(cat "$file")
[ -s "$2" ] && [ -s "$4" ] && ! grep -n wrong "$file" >/dev/null && exit 0
echo '[NOTICE]   (7) : haproxy version is 2.6.12' >&2
echo "[ALERT]    (7) : config : parsing [$file:9] : unknown keyword 'wrong'." >&2
echo '[ALERT]    (7) : config : Fatal errors found in configuration.' >&2
exit 1
`,
  );
});

const pem = (crt: string, key: string) => read(`${crt}.crt`) + read(`${key}.key`);
async function attempt(content: string, more = "") {
  const files = {
    [certificate]: content,
    [ca]: read("other.crt"),
    [configuration]: `crt ${certificate} ca-file ${ca} ${more}\n`,
  };
  const { exitCode, stdout, stderr } = await execa("python3", [trial], {
    input: JSON.stringify({ certificate, configuration, files }),
    env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
    reject: false,
  });
  expect(stderr).toBe("");
  return exitCode === 0 ? stdout : stdout.replace(" is refused, and what was there stays", "");
}

describe("the trial of HAProxy's files", () => {
  it("takes a certificate with its key, and leaves nothing behind", async () => {
    expect(await attempt(pem("one", "one"))).toBe("");
    const tried = read("tried").trim();
    expect([path.basename(tried), existsSync(path.dirname(tried))]).toEqual(["haproxy.cfg", false]);
  });

  it.each([
    ["another key", () => pem("one", "other"), "its private key belongs to another certificate"],
    ["a key with a passphrase", () => pem("one", "secret"), "its private key has a passphrase"],
    ["no key", () => read("one.crt"), "it holds no private key"],
    ["no certificate", () => read("one.key"), "it holds no certificate"],
    ["a certificate of yesterday", () => pem("expired", "one"), "its certificate has expired"],
  ])("refuses %s", async (_what, content, why) => {
    expect(await attempt(content())).toBe(`${certificate}: ${why}`);
  });

  it("refuses what HAProxy refuses, with its own words about the file that it is to be", async () => {
    expect(await attempt(pem("one", "one"), "wrong")).toBe(
      `${configuration}: parsing [${configuration}:9] : unknown keyword 'wrong'.`,
    );
  });

  it("does not refuse everything for a certificate that expired where it is", async () => {
    writeFileSync(certificate, pem("expired", "one"));
    expect(await attempt(pem("expired", "one"))).toBe("");
  });
});
