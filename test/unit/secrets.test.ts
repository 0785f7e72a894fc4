import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { expect, it } from "vitest";
import { needlesOf, seenIn } from "../support/secrets";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const PASSWORD = "Zr8qLw3TnVx5Kd7Yb2Hc";
/** Long enough to be taken for a password, and in the stack's config. */
const KNOWN = "kooCAEWebAutomationServer";
const secret = (value: unknown) => ({ [SIGNATURE]: "1", plaintext: JSON.stringify(value) });
const state = {
  resources: [
    { urn: "urn:pulumi:test::hpc-ha::a$b::redis-password", outputs: { result: secret(PASSWORD) } },
    {
      urn: "urn:pulumi:test::hpc-ha::a$b::entry-config-run",
      inputs: {
        stdin: secret(
          JSON.stringify({
            sources: "0123456789abcdef",
            vars: { password: PASSWORD, port: 6379, service: KNOWN },
          }),
        ),
      },
    },
    {
      urn: "urn:pulumi:test::hpc-ha::a$b::entry-certificate",
      outputs: {
        stdout: secret(
          JSON.stringify({
            ca: "-----BEGIN CERTIFICATE-----\nMIIBpublicpublicpublic\n-----END CERTIFICATE-----\n",
            pem: "-----BEGIN PRIVATE KEY-----\nMIGHsecretsecretsecret\n-----END PRIVATE KEY-----\n",
          }),
        ),
        plain: "NotASecretAtAllButLong",
      },
    },
  ],
};
const needles = needlesOf(state, new Set([KNOWN]));

it("knows the secrets of a state, and nothing else of it", () => {
  const texts = new Set(needles.map((n) => n.text));
  expect([PASSWORD, "MIGHsecretsecretsecret"].filter((t) => !texts.has(t))).toEqual([]);
  expect(new Set(needles.map((n) => n.name))).toEqual(
    new Set(["redis-password.outputs.result", "entry-certificate.outputs.stdout.pem"]),
  );
});

it.each([0, 1, 2, 3])("finds a secret in the base64 of a text, %i bytes from its start", (n) => {
  const text = Buffer.from(`${"x".repeat(n)}${PASSWORD} and more`).toString("base64");
  expect(seenIn(text, needles)).toEqual(["redis-password.outputs.result"]);
});

it("finds a secret in hexadecimal, as a check of HAProxy has it", () => {
  const text = Buffer.from(`AUTH\r\n${PASSWORD}\r\n`).toString("hex");
  expect(seenIn(text, needles)).toEqual(["redis-password.outputs.result"]);
  expect(seenIn(text.slice(0, 40), needles)).toEqual([]);
});

it("the finder finds what all can read, and in logs what root alone can; and says how much it looked at", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  chmodSync(dir, 0o755);
  const write = (file: string, text: string, mode: number) => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), text);
    chmodSync(path.join(dir, file), mode);
  };
  write("etc/open", `x=${PASSWORD}`, 0o644);
  write("etc/closed", `x=${PASSWORD}`, 0o600);
  write("home/open", PASSWORD, 0o644);
  chmodSync(path.join(dir, "home"), 0o700);
  write("etc/clean", "nothing", 0o644);
  write("log/closed", Buffer.from(PASSWORD).toString("hex"), 0o600);
  const find = async (order: object) => {
    const { stdout } = await execa("python3", ["test/support/findSecrets.py"], {
      input: JSON.stringify({ needles: needles.map(({ text }) => text), since: null, ...order }),
    });
    const answer = JSON.parse(stdout) as {
      found: [string, number][];
      files: number;
      bytes: number;
    };
    const found = answer.found.map(([where]) => path.relative(dir, where));
    return { ...answer, found: [...new Set(found)].sort() };
  };
  try {
    const everything = [path.join(dir, "log")];
    expect(await find({ roots: [dir], everything, journal: false })).toEqual({
      found: ["etc/open", "log/closed"],
      files: 3,
      bytes: 0,
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
