import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Context, SESSION_COOKIE } from "../context";
import { page } from "./html";

const credentials = z.object({ user: z.string().min(1).max(64), password: z.string().max(1024) });

/** Login, logout, and who is logged in: `/auth/…`. */
export function authentication(app: FastifyInstance, context: Context): void {
  const { base, sessions, users } = context;

  app.get(`${base}/login`, (_request, reply) =>
    reply.type("text/html").send(
      page(
        context,
        "Log in",
        `<form method="post" action="${base}/login">
<label>User <input name="user" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button>
</form>`,
      ),
    ),
  );

  app.post(`${base}/login`, async (request, reply) => {
    const given = credentials.safeParse(request.body);
    if (!given.success) return reply.code(400).send({ error: "user and password are needed" });
    const { user, password } = given.data;
    if (!(await users.verify(user, password))) {
      return reply.code(401).send({ error: "user or password is wrong" });
    }
    reply.setCookie(SESSION_COOKIE, await sessions.create(user), {
      path: "/",
      httpOnly: true,
      secure: true,
      sameSite: "lax",
    });
    const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
    return form ? reply.redirect("/dashboard", 303) : { user };
  });

  app.get(`${base}/session`, async (request, reply) => {
    const user = await context.userOf(request);
    return user === undefined ? reply.code(401).send({ error: "not logged in" }) : { user };
  });

  app.post(`${base}/logout`, async (request, reply) => {
    const id = request.cookies[SESSION_COOKIE];
    if (id !== undefined) await sessions.remove(id);
    return reply.clearCookie(SESSION_COOKIE, { path: "/" }).send({});
  });
}
