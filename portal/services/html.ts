import type { Context } from "../context";

const LINKS = ["/auth/login", "/dashboard", "/cae", "/cae/automation", "/app"];

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

/** Text as HTML shows it. */
export const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c);
