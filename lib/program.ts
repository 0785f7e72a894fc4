import { text } from "node:stream/consumers";
import type { z } from "zod";

/**
 * A child process of a Pulumi resource: reads its request from stdin as JSON, checks it, does its work and ends. What
 * went wrong is one sentence on stderr without the request, which may hold secrets.
 * @param schema what the request must be
 * @param work @returns exit code; nothing means 0
 */
export function program<T>(
  schema: z.ZodType<T>,
  work: (request: T) => Promise<number | void>,
): void {
  text(process.stdin)
    .then((input) => work(parseRequest(schema, input)))
    .then(
      (code) => process.exit(code ?? 0),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : String(error));
        process.exit(1);
      },
    );
}

/**
 * @param what the input is, for people
 * @throws Error that names the keys that are wrong, and no value
 */
export function parseRequest<T>(
  schema: z.ZodType<T>,
  input: string,
  what = "the request on stdin",
): T {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    throw new Error(`${what} is not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((i) => `${i.path.join(".") || "it"}: ${i.code}`);
  throw new Error(`${what} is not what this program takes: ${faults.join("; ")}`);
}
