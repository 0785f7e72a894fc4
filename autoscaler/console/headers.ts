import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * What a browser may do with the page: only with its own files, in no other page's frame. No HSTS: a browser ignores it for an
 * address, and for a name it would bind all other ports of the management machine; nothing listens here without TLS.
 */
export const SECURITY_HEADERS = {
  "content-security-policy": [
    "default-src 'none'",
    ...["script-src", "style-src", "img-src", "connect-src"].map((what) => `${what} 'self'`),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/**
 * Refuses what another site's page has a browser send. A browser says where each POST comes from; and it asks first before it
 * sends JSON elsewhere (nothing else is read here). The cookie is not sent along either.
 */
export async function sameOrigin(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method === "GET" || request.method === "HEAD") return;
  if (request.headers.origin !== `https://${request.headers.host}`) {
    await reply.code(403).send({ error: "not from this page" });
  }
}
