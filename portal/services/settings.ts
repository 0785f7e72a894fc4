import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Context } from "../context";

const key = z.object({ key: z.string().regex(/^[\w.-]{1,128}$/) });
const value = z.object({ value: z.string().max(65_535) });

/** Settings of the user who is logged in: `/dashboard/api/settings/<key>`. */
export function settings(app: FastifyInstance, context: Context): void {
  const { base, users } = context;
  const userOr401 = async (request: FastifyRequest, reply: FastifyReply) => {
    const user = await context.userOf(request);
    if (user === undefined) void reply.code(401).send({ error: "not logged in" });
    return user;
  };

  app.get(`${base}/settings/:key`, async (request, reply) => {
    const params = key.safeParse(request.params);
    if (!params.success) return reply.code(400).send({ error: "not a name of a setting" });
    const user = await userOr401(request, reply);
    if (user === undefined) return reply;
    const found = await users.setting(user, params.data.key);
    return found === undefined ? reply.code(404).send({ error: "not set" }) : { value: found };
  });

  app.put(`${base}/settings/:key`, async (request, reply) => {
    const params = key.safeParse(request.params);
    const body = value.safeParse(request.body);
    if (!params.success || !body.success) {
      return reply.code(400).send({ error: 'wanted: a name of a setting and {"value": "text"}' });
    }
    const user = await userOr401(request, reply);
    if (user === undefined) return reply;
    await users.saveSetting(user, params.data.key, body.data.value);
    return { value: body.data.value };
  });

  app.get(base, () => ({ service: context.service, node: context.node }));
}
