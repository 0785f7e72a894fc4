import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Answers from this length on are compressed, bytes. */
const COMPRESS_FROM = 2048;

/** Answers with JSON. */
export async function json(request: FastifyRequest, reply: FastifyReply, value: unknown) {
  const text = JSON.stringify(value);
  reply.type("application/json; charset=utf-8").header("vary", "accept-encoding");
  const accepted = request.headers["accept-encoding"] ?? "";
  if (text.length < COMPRESS_FROM || !accepted.includes("gzip")) return reply.send(text);
  return reply.header("content-encoding", "gzip").send(await promisify(gzip)(text));
}
