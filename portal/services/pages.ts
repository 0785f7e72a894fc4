import type { FastifyInstance } from "fastify";
import type { Context } from "../context";
import { escape, page } from "./html";
import { jobs } from "./jobs";

const TITLES: Partial<Record<Context["service"], string>> = {
  auth_frontend: "HPC portal",
  kooCAEWebServer: "CAE",
  kooCAEWebAutomationServer: "CAE automation",
  dashboard: "Dashboard",
  app: "Applications",
};

/** A page for every path below the service's own, that tells who is logged in and which node answered. */
export function pages(app: FastifyInstance, context: Context): void {
  if (context.jobs) jobs(app, context, context.jobs);
  const more = context.jobs ? `<p><a href="${context.base}/jobs">My jobs</a></p>` : "";
  const show = async (user: Promise<string | undefined>) => {
    // A page is served also when Redis is not reachable; it says so.
    const who = await user.then(
      (name) => (name === undefined ? "Not logged in." : `Logged in as ${escape(name)}.`),
      () => "Sessions cannot be read at the moment.",
    );
    return page(context, TITLES[context.service] ?? context.service, `<p>${who}</p>${more}`);
  };
  for (const path of [context.base, `${context.base}/*`].filter((p) => p !== "")) {
    app.get(path, async (request, reply) =>
      reply.type("text/html").send(await show(context.userOf(request))),
    );
  }
}
