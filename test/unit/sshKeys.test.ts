import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";
import { hostFiles } from "../../plan/files";
import { bareKey, personal } from "../../plan/sshKeys";
import { type Registration, registrations } from "../support/mocked";
import { configOf, temporaryHome } from "../support/referenceSite";

const home = temporaryHome();
const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-keys-"));
const file = (name: string) => path.join(dir, name);
const make = (name: string, passphrase: string, ...more: string[]) =>
  execa("ssh-keygen", ["-q", "-N", passphrase, "-C", "someone", "-f", file(name), ...more]);
beforeAll(async () => {
  await make("ed25519", "", "-t", "ed25519");
  await make("rsa", "", "-t", "rsa", "-b", "2048");
  await make("ecdsa", "", "-t", "ecdsa");
  await make("locked", "secret", "-t", "ed25519");
  await make("pem", "", "-t", "rsa", "-b", "2048", "-m", "PEM");
  await make("pkcs8", "secret", "-t", "ecdsa", "-m", "PKCS8");
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

/** What the config says to the key. @param keys public ones that it lists, @param known those that the machines know */
function faults(name: string, keys?: string[], known: string[] = []): string[] {
  const raw = {
    ...configOf("lab"),
    ssh: { privateKeyFile: file(name), ...(keys && { authorizedKeys: keys }) },
  };
  try {
    parseConfig(
      Object.fromEntries(
        Object.entries(raw).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]),
      ),
      { files: hostFiles, before: { machines: {}, values: {}, keys: known } },
    );
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}
const publicKey = (name: string) => readFileSync(file(`${name}.pub`), "utf8").trim();
const bare = (name: string) => bareKey(publicKey(name)) ?? "";

describe("the key that machines are reached with", () => {
  it.each(["ed25519", "rsa", "ecdsa"])("may be of the type %s", (name) => {
    expect(faults(name)).toEqual([]);
  });

  it.each([
    ["locked", "must have no passphrase"],
    ["pem", "must be in OpenSSH's own format; `ssh-keygen -p -f"],
    ["pkcs8", "must be in OpenSSH's own format"],
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

  it("may be anybody's who is listed, whatever their names behind the keys", () => {
    const keys = [`${bare("rsa")} somebody`, `${bare("ed25519")} me, on another machine`];
    expect(faults("ed25519", keys)).toEqual([]);
    expect(faults("rsa", keys, [bare("rsa"), bare("ed25519")])).toEqual([]);
  });

  it("is refused when it is not listed, or when no machine would know it", () => {
    const [mine, theirs] = [publicKey("ed25519"), publicKey("rsa")];
    expect(faults("ed25519", [theirs])).toEqual([
      expect.stringContaining("its public key is not among ssh.authorizedKeys: you would lock"),
    ]);
    const unknown = [expect.stringContaining("the machines do not know it; somebody whom they")];
    expect(faults("ed25519", [mine, theirs], [bare("rsa")])).toEqual(unknown);
    expect(faults("ed25519", undefined, [bare("rsa")])).toEqual(unknown);
  });

  it.each(["ssh-ed25519 AAAA", "no key", `two\nlines`])("is listed as a key, not as %j", (text) => {
    expect(faults("ed25519", [publicKey("ed25519"), text])).toEqual([
      expect.stringMatching(/^ssh.authorizedKeys.1 = .*: one line of OpenSSH: type, key, name/),
    ]);
  });
});

describe("who may log in", () => {
  const runs = (all: Registration[]) =>
    all.flatMap(({ inputs }) => {
      const text = /"base_authorized_keys":(\[[^\]]*\])/.exec(
        JSON.stringify(inputs).replaceAll("\\", ""),
      );
      return text ? [JSON.parse(text[1] ?? "") as string[]] : [];
    });
  const lab = (ssh?: object) => registrations({ ...configOf("lab"), ...(ssh && { ssh }) }, "lab");

  it("is everybody who is listed, the same whoever makes the site", async () => {
    const authorizedKeys = [publicKey("rsa"), publicKey("ed25519"), `${bare("rsa")} again`];
    const both = [bare("ed25519"), bare("rsa")].sort();
    for (const name of ["ed25519", "rsa"]) {
      const all = await lab({ privateKeyFile: file(name), authorizedKeys });
      expect(new Set(runs(all).map(String))).toEqual(new Set([String(both)]));
      expect(runs(all).length).toBeGreaterThanOrEqual(7);
    }
  });

  it("is who makes the site, when nobody is listed", async () => {
    const own = readFileSync(path.join(home, "ssh", "id_ed25519.pub"), "utf8");
    expect(new Set(runs(await lab()).map(String))).toEqual(new Set([String(bareKey(own))]));
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

it("a file in ~ is in the home of who runs this", () => {
  expect(personal("~/.ssh/id_ed25519")).toBe(path.join(homedir(), ".ssh", "id_ed25519"));
  expect(["/a/~/b", "a"].map(personal)).toEqual(["/a/~/b", "a"]);
});
