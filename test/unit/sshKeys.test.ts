import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";
import { bareKey } from "../../plan/sshKeys";
import { configOf } from "../support/referenceSite";

const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-keys-"));
const file = (name: string) => path.join(dir, name);
const make = (name: string, passphrase: string, ...more: string[]) =>
  execa("ssh-keygen", ["-q", "-N", passphrase, "-C", "someone", "-f", file(name), ...more]);
beforeAll(async () => {
  await make("ed25519", "", "-t", "ed25519");
  await make("rsa-pem", "", "-t", "rsa", "-b", "2048", "-m", "PEM");
  await make("ecdsa-pkcs8", "", "-t", "ecdsa", "-m", "PKCS8");
  await make("locked", "secret", "-t", "ed25519");
  await make("locked-pem", "secret", "-t", "rsa", "-b", "2048", "-m", "PEM");
  await make("locked-pkcs8", "secret", "-t", "ecdsa", "-m", "PKCS8");
  copyFileSync(file("ed25519"), file("lone"));
  copyFileSync(file("ed25519"), file("other"));
  copyFileSync(file("locked.pub"), file("other.pub"));
  copyFileSync(file("ed25519"), file("garbled"));
  writeFileSync(file("garbled.pub"), "ssh-ed25519 AAAAB3NzaC1yc2EAAAA= x\n");
  writeFileSync(file("text"), "nothing\n");
  writeFileSync(
    file("cut"),
    readFileSync(file("ed25519"), "utf8").replace(/b3BlbnNza[^]*-----END/, "AAAA\n-----END"),
  );
  for (const name of ["text", "cut"]) copyFileSync(file("ed25519.pub"), file(`${name}.pub`));
  chmodSync(dir, 0o700);
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What the config says to the key. */
function faults(name: string): string[] {
  const raw = { ...configOf("lab"), ssh: { privateKeyFile: file(name) } };
  try {
    parseConfig(
      Object.fromEntries(
        Object.entries(raw).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]),
      ),
    );
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

describe("the key that machines are reached with", () => {
  it.each(["ed25519", "rsa-pem", "ecdsa-pkcs8"])("may be of the form %s", (name) => {
    expect(faults(name)).toEqual([]);
  });

  it.each([
    ["locked", "must have no passphrase"],
    ["locked-pem", "must have no passphrase"],
    ["locked-pkcs8", "must have no passphrase"],
    ["lone", `${file("lone")}.pub must have its public key; \`ssh-keygen -y`],
    ["garbled", `${file("garbled")}.pub must have its public key`],
    ["other", `${file("other")}.pub has the public key of another one`],
    ["text", "is no private key"],
    ["cut", "is damaged"],
    ["ed25519.pub", "is no private key"],
    ["nowhere", "must be a readable file (ENOENT"],
  ])("is refused: %s", (name, why) => {
    expect(faults(name)).toEqual([expect.stringContaining(`"${file(name)}": ${why}`)]);
  });
});

it("a public key is its type and itself, whatever is behind it", async () => {
  const { stdout } = await execa("ssh-keygen", ["-y", "-f", file("ed25519")]);
  const [type, key] = stdout.split(" ");
  expect(bareKey(`${type} ${key} some one's key\n`)).toBe(`${type} ${key}`);
  for (const none of [
    "",
    "ssh-ed25519",
    `${type} ${key}\nsecond line`,
    `${type} AAAA`,
    `no ${key}`,
  ]) {
    expect(bareKey(none)).toBeUndefined();
  }
});
