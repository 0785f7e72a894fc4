import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/**
 * Cost of scrypt: 32 MiB and about a quarter of a second a guess. Equal in strength to what OWASP asks for at the least,
 * in the form that takes the least memory.
 */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
/** Node's own limit is what the cost needs and not a byte more, bytes. */
const MEMORY = 64 * 1024 * 1024;

export interface Cost {
  N: number;
  r: number;
  p: number;
}

const derive = (password: string, salt: Buffer, cost: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(
      password.normalize("NFKC"),
      salt,
      KEY_BYTES,
      { ...cost, maxmem: MEMORY },
      (error, key) => (error ? reject(error) : resolve(key)),
    ),
  );

/**
 * What is kept of a password: "scrypt$N$r$p$salt$key".
 * @param salt by default another one each time; a caller whose output must not change without need hands in its own
 * @param cost default: what keeps a password that is worth guessing
 */
export async function hashPassword(
  password: string,
  salt: Buffer = randomBytes(16),
  cost = COST,
): Promise<string> {
  const key = await derive(password, salt, cost);
  const { N, r, p } = cost;
  return ["scrypt", N, r, p, salt.toString("base64"), key.toString("base64")].join("$");
}

/**
 * Whether it is the password, in a time that does not tell how much of it is right.
 * @throws Error when the hash is none
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const { cost, salt, key } = readHash(hash);
  return timingSafeEqual(await derive(password, salt, cost), key);
}

/** What a guess costs. @throws Error when the hash is none */
export const costOf = (hash: string): Cost => readHash(hash).cost;

function readHash(hash: string): { cost: Cost; salt: Buffer; key: Buffer } {
  const [kind, N, r, p, salt = "", text = ""] = hash.split("$");
  const key = Buffer.from(text, "base64");
  if (kind !== "scrypt" || key.length !== KEY_BYTES) throw new Error("not a hash of scrypt");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  return { cost, salt: Buffer.from(salt, "base64"), key };
}
