import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/**
 * Cost of scrypt: 32 MiB and about a quarter of a second a guess. Equal in strength to what OWASP asks for at the least,
 * in the form that takes the least memory.
 */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
/** Node's own limit is what the cost needs and not a byte more, bytes. */
const MEMORY = 64 * 1024 * 1024;

interface Cost {
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
 */
export async function hashPassword(password: string, salt = randomBytes(16)): Promise<string> {
  const key = await derive(password, salt, COST);
  const { N, r, p } = COST;
  return ["scrypt", N, r, p, salt.toString("base64"), key.toString("base64")].join("$");
}

/**
 * Whether it is the password, in a time that does not tell how much of it is right.
 * @throws Error when the hash is none
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [kind, N, r, p, salt = "", key = ""] = hash.split("$");
  const expected = Buffer.from(key, "base64");
  if (kind !== "scrypt" || expected.length !== KEY_BYTES) throw new Error("not a hash of scrypt");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64"), cost), expected);
}
