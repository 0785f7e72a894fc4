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
