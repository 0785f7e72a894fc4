import { homedir } from "node:os";
import * as path from "node:path";

/** A file of a person, as programs open it: `~` is the home of who runs this, as for ssh. */
export const personal = (file: string): string =>
  file.startsWith("~/") ? path.join(homedir(), file.slice(2)) : file;

/** A public key of OpenSSH: type and key, without options before and with any comment behind. */
const PUBLIC = /^((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+) ([A-Za-z0-9+/]+=*)(?: .*)?$/;

/** Type and key, without the comment, which differs with who wrote the file. Undefined: it is none. */
export function bareKey(publicKey: string): string | undefined {
  const [, type = "", key = ""] = PUBLIC.exec(publicKey.trim()) ?? [];
  const said = Buffer.from(key, "base64");
  // A key begins with its type again: what was cut off or mixed up shows.
  const named = said.length > 4 ? said.subarray(4, 4 + said.readUInt32BE(0)).toString() : "";
  return type !== "" && named === type ? `${type} ${key}` : undefined;
}

/**
 * Who may log in as root: public keys without their comments, in an order that says nothing.
 * @param own public key of who runs this
 * @param listed those of everybody who may. Default: the own one
 */
export const authorized = (own: string, listed: string[] = [own]): string[] =>
  [...new Set(listed.flatMap((key) => bareKey(key) ?? []))].sort();

/** What is known of those who may log in. */
export interface Known {
  /** Those who are to, by the config. Undefined: who runs this. */
  listed: string[] | undefined;
  /** Those whom the machines know by now. Empty: there are none yet. */
  before: string[];
}

/** The public key in a private one, or why that cannot be used when nobody is there who could unlock it. */
export function usableKey(text: string, file: string): { publicKey: string } | { fault: string } {
  const [, own] =
    /-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END/.exec(text) ?? [];
  if (own === undefined) {
    return {
      fault: /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
        ? `must be in OpenSSH's own format; \`ssh-keygen -p -f ${file}\` brings it into that`
        : "is no private key",
    };
  }
  const key = opened(Buffer.from(own, "base64"));
  if (key === undefined) return { fault: "is damaged" };
  return key.encrypted ? { fault: "must have no passphrase: nobody is there to say it" } : key;
}

/**
 * Faults of the private key that this program logs in with to the machines that it makes.
 * @param publicKey what is beside it; undefined: nothing
 */
export function privateKeyFaults(
  text: string,
  file: string,
  publicKey: string | undefined,
  { listed, before }: Known,
): string[] {
  const key = usableKey(text, file);
  if ("fault" in key) return [key.fault];
  const beside = publicKey === undefined ? undefined : bareKey(publicKey);
  if (beside === undefined) {
    return [
      `${file}.pub must have its public key; \`ssh-keygen -y -f ${file} >${file}.pub\` makes it`,
    ];
  }
  if (key.publicKey !== beside.split(" ")[1]) {
    return [`${file}.pub has the public key of another one`];
  }
  return [
    ...(authorized(beside, listed).includes(beside)
      ? []
      : ["its public key is not among ssh.authorizedKeys: you would lock yourself out"]),
    ...(before.length === 0 || before.includes(beside)
      ? []
      : [
          "the machines do not know it; somebody whom they know adds its public key to ssh.authorizedKeys, and runs " +
            "`pulumi up` first",
        ]),
  ];
}

const MAGIC = "openssh-key-v1\0";

/** Whether a private key is encrypted, and its public key. Undefined: it is none. */
function opened(bytes: Buffer): { encrypted: boolean; publicKey: string } | undefined {
  if (bytes.subarray(0, MAGIC.length).toString() !== MAGIC) return undefined;
  const next = stringsOf(bytes.subarray(MAGIC.length));
  const cipher = next().toString();
  next(); // key derivation
  next(); // its options
  const publicKey = next(4).toString("base64"); // behind the number of keys
  return { encrypted: cipher !== "none", publicKey };
}

/** Reads the strings of SSH's binary format one after the other. @returns the next one, behind so many bytes */
function stringsOf(bytes: Buffer): (skip?: number) => Buffer {
  let at = 0;
  return (skip = 0) => {
    at += skip;
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
}
