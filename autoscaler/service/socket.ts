import * as fs from "node:fs";
import * as net from "node:net";
import { z } from "zod";
import type { ConsoleSource } from "../console/source";
import { orderSchema } from "../orders";
import type { Answer } from "./client";

const requestSchema = z.union([
  z.strictObject({ order: orderSchema, by: z.string().min(1).max(64) }),
  z.strictObject({ snapshot: z.literal(true) }),
]);

/** No request is longer, bytes. */
const LONGEST = 4096;

/**
 * Takes orders of this machine's users that may open the socket: only the one that the service runs as.
 * @throws Error when another service has it
 */
export async function listen(file: string, source: ConsoleSource): Promise<{ close(): void }> {
  if (await answers(file)) throw new Error(`another service has ${file}`);
  fs.rmSync(file, { force: true });
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > LONGEST) socket.destroy();
      if (!text.includes("\n")) return;
      socket.removeAllListeners("data");
      void answer(source, text).then((said) => socket.end(`${JSON.stringify(said)}\n`));
    });
  });
  // It is nobody else's from its first moment on.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(file, resolve);
    });
  } finally {
    process.umask(mask);
  }
  return { close: () => server.close() };
}

async function answer(source: ConsoleSource, text: string): Promise<Answer> {
  try {
    const request = requestSchema.parse(JSON.parse(text));
    if ("snapshot" in request) return { snapshot: source.snapshot() };
    await source.order(request.order, request.by);
    return {};
  } catch (error) {
    const fault = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return { error: fault };
  }
}

const answers = (file: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(file);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
