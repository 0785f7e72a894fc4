import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { AUTHORITY, Certificates } from "../support/ownCertificate";
import { Commands } from "../support/program";

/** What a HAProxy machine is asked before its files are replaced, with its files in a directory of the test's. */
const commands = new Commands();
afterAll(commands.remove);
const trial = path.join(projectRoot, "ansible/roles/entry/files/trial.py");
const certificate = commands.path("haproxy", "site.pem");
const configuration = commands.path("haproxy", "haproxy.cfg");
const ca = commands.path("haproxy", "ca.pem");

const made = new Certificates(commands.path("certificates"));
const openssl = (...args: string[]) => execa("openssl", args, { cwd: made.directory });
beforeAll(async () => {
  mkdirSync(path.dirname(certificate));
  for (const name of ["one", "other"]) await made.make(name, undefined, AUTHORITY);
  await openssl("req", "-new", "-key", "one.key", "-subj", "/CN=one", "-out", "request");
  const signed = ["-in", "request", "-signkey", "one.key", "-days", "-1"];
  await openssl("x509", "-req", ...signed, "-out", "expired.pem");
  const secret = ["-aes256", "-passout", "pass:abcd", "-out", "secret.key"];
  await openssl("pkey", "-in", "one.key", ...secret);
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

const pem = (crt: string, key: string) => made.read(`${crt}.pem`) + made.read(`${key}.key`);
async function attempt(content: string, more = "") {
  const files = {
    [certificate]: content,
    [ca]: made.read("other.pem"),
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
    const tried = readFileSync(commands.path("tried"), "utf8").trim();
    expect([path.basename(tried), existsSync(path.dirname(tried))]).toEqual(["haproxy.cfg", false]);
  });

  it.each([
    ["another key", () => pem("one", "other"), "its private key belongs to another certificate"],
    ["a key with a passphrase", () => pem("one", "secret"), "its private key has a passphrase"],
    ["no key", () => made.read("one.pem"), "it holds no private key"],
    ["no certificate", () => made.read("one.key"), "it holds no certificate"],
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
