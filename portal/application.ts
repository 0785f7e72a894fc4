import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import fastify, { type FastifyInstance } from "fastify";
import { CATALOGUE, type Routes, type ServiceName } from "./catalogue";
import { type Context, SESSION_COOKIE } from "./context";
import { authentication } from "./services/authentication";
import { pages } from "./services/pages";
import { settings } from "./services/settings";
import { echo } from "./services/echo";
import { StoreUnavailable } from "./stores";

/** Longer than HAProxy keeps an idle connection (75 s), so that it is never this side that closes it first, ms. */
const KEEP_ALIVE = 90_000;

const ROUTES: Record<Routes, (app: FastifyInstance, context: Context) => void | Promise<void>> = {
  authentication,
  pages,
  settings,
  echo,
};
const routesOf = (service: ServiceName) =>
  ROUTES[CATALOGUE.find(({ name }) => name === service)?.routes ?? "pages"];

/** The web server of one service: what all have in common, and its own routes. */
export async function application(
  args: Omit<Context, "userOf" | "base"> & { basePath: string },
): Promise<FastifyInstance> {
  const context: Context = {
    ...args,
    base: args.basePath.replace(/\/$/, ""),
    userOf: async (request) => {
      const id = request.cookies[SESSION_COOKIE];
      return id === undefined ? undefined : args.sessions.user(id);
    },
  };
  const app = fastify({
    // HAProxy is the only client and states the user's address.
    trustProxy: true,
    keepAliveTimeout: KEEP_ALIVE,
    bodyLimit: 10 * 1024 * 1024,
    // A stop finishes what was asked and closes the rest at once.
    forceCloseConnections: "idle",
    // The last answer on a connection says so, and the next request goes to another node.
    return503OnClosing: false,
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    reply.header("x-served-by", context.node);
    done(null, payload);
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof StoreUnavailable) {
      return reply.code(503).header("retry-after", "2").send({ error: error.message });
    }
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    if (statusCode >= 500) console.error(error);
    return reply.code(statusCode).send({ error: statusCode >= 500 ? "internal error" : message });
  });
  await app.register(cookie);
  await app.register(formbody);
  app.get("/health", () => context.health());
  await app.register((scope) => routesOf(context.service)(scope, context));
  return app;
}
