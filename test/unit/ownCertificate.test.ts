import { writeFileSync } from "node:fs";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import { ownCertificateFaults } from "../../components/entry/ownCertificate";
import { type ConfigError } from "../../plan/config";
import { hostFiles } from "../../plan/files";
import { AUTHORITY, Certificates, server } from "../support/ownCertificate";
import { configOf } from "../support/referenceSite";

const VIP = "198.18.1.101";
const made = new Certificates();
beforeAll(async () => {
  await made.make("root", undefined, AUTHORITY);
  await made.make("middle", "root", AUTHORITY);
  await made.make("site", "middle", server("DNS:portal.example.org"));
  await made.make("by-address", undefined, server(`IP:${VIP}`));
  await made.make("other-address", undefined, server("IP:198.18.1.9"));
  await made.make("nameless", undefined, ["basicConstraints=CA:false"]);
  await made.make("client", undefined, [
    ...server("DNS:a.example.org"),
    "extendedKeyUsage=clientAuth",
  ]);
  await made.make("small", undefined, server("DNS:a.example.org"), "-newkey", "rsa:1024");
  const join = (name: string, ...parts: string[]) =>
    writeFileSync(made.file(name), parts.map((part) => made.read(part)).join(""));
  join("chain.pem", "site.pem", "middle.pem");
  join("whole-chain.pem", "site.pem", "middle.pem", "root.pem");
  join("upside-down.pem", "middle.pem", "site.pem");
  join("gap.pem", "site.pem", "root.pem");
  join("combined.pem", "site.pem", "site.key");
  const lock = ["-in", "site.key", "-aes128", "-passout", "pass:x"];
  const run = (...args: string[]) => execa("openssl", args, { cwd: made.directory });
  await run("pkey", ...lock, "-out", "locked.key");
  await run("ec", ...lock, "-out", "locked-old.key");
  await run("ec", "-in", "site.key", "-out", "old.key");
  writeFileSync(made.file("no.pem"), "nothing\n");
  writeFileSync(
    made.file("bad.pem"),
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  );
});
afterAll(made.remove);

const faults = (certificate: string, key: string, now?: Date) =>
  ownCertificateFaults(
    { certificateFile: made.file(certificate), keyFile: made.file(key) },
    hostFiles,
    VIP,
    now,
  ).map((fault) => fault.replaceAll(`${made.directory}/`, ""));
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

describe("the owner's certificate", () => {
  it.each([
    ["site.pem", "site.key"],
    ["chain.pem", "site.key"],
    ["whole-chain.pem", "site.key"],
    ["chain.pem", "old.key"],
    ["by-address.pem", "by-address.key"],
  ])("may be %s with %s", (certificate, key) => {
    expect(faults(certificate, key)).toEqual([]);
  });

  it.each([
    [
      "chain.pem",
      "middle.key",
      [
        'tls.keyFile = "middle.key": is not the key of the first certificate in chain.pem (CN=site)',
      ],
    ],
    ["chain.pem", "locked.key", [/^tls.keyFile = "locked.key": must not be encrypted/]],
    ["chain.pem", "locked-old.key", [/^tls.keyFile = "locked-old.key": must not be encrypted/]],
    ["chain.pem", "chain.pem", [/^tls.keyFile = "chain.pem": has no private key that can be read/]],
    ["chain.pem", "nowhere", [/^tls.keyFile = "nowhere": must be a readable file \(ENOENT/]],
    ["nowhere", "site.key", [/^tls.certificateFile = "nowhere": must be a readable file \(ENOENT/]],
    [
      "combined.pem",
      "site.key",
      [/^tls.certificateFile = "combined.pem": must have the certificate and its chain only, not/],
    ],
    ["no.pem", "site.key", [/has no certificate/]],
    ["bad.pem", "site.key", [/has a certificate that cannot be read/]],
    [
      "upside-down.pem",
      "middle.key",
      [/CN=middle is not signed by the next one, CN=site/, /CN=middle names neither/],
    ],
    ["gap.pem", "site.key", [/CN=site is not signed by the next one, CN=root/]],
    [
      "other-address.pem",
      "other-address.key",
      [/CN=other-address names neither a host nor 198.18.1.101/],
    ],
    ["nameless.pem", "nameless.key", [/CN=nameless names neither a host nor/]],
    ["client.pem", "client.key", [/CN=client is not for servers/]],
    ["small.pem", "small.key", [/^tls.keyFile = "small.key": has 1024 bits; at least 2048/]],
  ])("is refused: %s with %s", (certificate, key, expected) => {
    expect(faults(certificate, key)).toEqual(
      expected.map(
        (text) =>
          expect.stringMatching(
            typeof text === "string" ? text.replace(/[()]/g, "\\$&") : text,
          ) as string,
      ),
    );
  });

  it("is refused before and after its time, and with a signer whose time is over", () => {
    expect(faults("chain.pem", "site.key", inDays(29))).toEqual([]);
    expect(faults("chain.pem", "site.key", inDays(31))).toEqual([
      expect.stringMatching(/CN=site expired on /),
      expect.stringMatching(/CN=middle expired on /),
    ]);
    expect(faults("by-address.pem", "by-address.key", inDays(-1))).toEqual([
      expect.stringMatching(/CN=by-address is not valid before /),
    ]);
  });

  it("is checked with the config", () => {
    const tls = { certificateFile: made.file("combined.pem"), keyFile: made.file("locked.key") };
    const raw = Object.entries({ ...configOf("lab"), tls, webReplicas: "1" }).map(
      ([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)] as const,
    );
    let found: string[] = [];
    try {
      parseConfig(Object.fromEntries(raw));
    } catch (error) {
      found = (error as ConfigError).faults;
    }
    expect(found.map((fault) => fault.split(" ")[0]).sort()).toEqual([
      "tls.certificateFile",
      "tls.keyFile",
      "webReplicas",
    ]);
  });
});
