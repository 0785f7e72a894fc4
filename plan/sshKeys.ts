import { createPrivateKey } from "node:crypto";

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
 * Faults of a private key that programs log in with, when nobody is there who could unlock it.
 * @param publicKey what is beside it; undefined: nothing
 */
export function privateKeyFaults(text: string, file: string, publicKey?: string): string[] {
  const beside = publicKey === undefined ? undefined : bareKey(publicKey);
  const key = opened(text);
  if (typeof key === "string") return [key];
  const faults: string[] = [];
  if (key.encrypted) faults.push("must have no passphrase: nobody is there to say it");
  if (beside === undefined) {
    faults.push(
      `${file}.pub must have its public key; \`ssh-keygen -y -f ${file} >${file}.pub\` makes it`,
    );
  } else if (key.publicKey !== undefined && key.publicKey !== beside.split(" ")[1]) {
    faults.push(`${file}.pub has the public key of another one`);
  }
  return faults;
}

const MAGIC = "openssh-key-v1\0";

/** Whether a private key is encrypted, and its public key where that is in it; or what is wrong with it. */
function opened(text: string): { encrypted: boolean; publicKey?: string } | string {
  const own = /-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (own !== undefined) {
    const bytes = Buffer.from(own, "base64");
    if (bytes.subarray(0, MAGIC.length).toString() !== MAGIC) return "is damaged";
    const fields = stringsOf(bytes.subarray(MAGIC.length));
    const cipher = fields(0);
    fields(0); // key derivation
    fields(0); // its options
    const publicKey = fields(4).toString("base64"); // behind the number of keys
    return { encrypted: cipher.toString() !== "none", publicKey };
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return "is no private key";
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text)) return { encrypted: true };
  try {
    createPrivateKey(text);
    return { encrypted: false };
  } catch {
    return "is damaged";
  }
}

/** Reads the strings of SSH's binary format one after the other. @returns the next one, behind so many bytes */
function stringsOf(bytes: Buffer): (skip: number) => Buffer {
  let at = 0;
  return (skip) => {
    at += skip;
    const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
}
