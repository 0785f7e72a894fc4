import type { FastifyInstance } from "fastify";
import type { Context } from "../context";

const TITLES: Partial<Record<Context["service"], string>> = {
  auth_frontend: "HPC portal",
  kooCAEWebServer: "CAE",
  kooCAEWebAutomationServer: "CAE automation",
  dashboard: "Dashboard",
  app: "Applications",
};
const LINKS = ["/auth/login", "/dashboard", "/cae", "/cae/automation", "/app"];

/** A page for every path below the service's own, that tells who is logged in and which node answered. */
export function pages(app: FastifyInstance, context: Context): void {
  const show = async (user: Promise<string | undefined>) => {
    // A page is served also when Redis is not reachable; it says so.
    const who = await user.then(
      (name) => (name === undefined ? "Not logged in." : `Logged in as ${escape(name)}.`),
      () => "Sessions cannot be read at the moment.",
    );
    return page(context, TITLES[context.service] ?? context.service, `<p>${who}</p>`);
  };
  for (const path of [context.base, `${context.base}/*`].filter((p) => p !== "")) {
    app.get(path, async (request, reply) =>
      reply.type("text/html").send(await show(context.userOf(request))),
    );
  }
}

/** One HTML page of the portal. `body` is HTML. */
export function page({ node }: Pick<Context, "node">, title: string, body: string): string {
  const links = LINKS.map((path) => `<a href="${path}">${path}</a>`).join(" ");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<h1>${escape(title)}</h1>
<nav>${links}</nav>
${body}
<footer>Served by ${escape(node)}</footer>
</html>
`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string) => text.replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
