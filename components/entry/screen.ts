import type { Colors } from "picocolors/types";
import { describeHolder } from "../../rollout/unlock";
import { holderOf, mark, type Status, vipText } from "../look";
import type { Entry, Proxy, Server } from "./proxy";

/** The lines of the two VIPs, and of the site's lock while somebody has it. */
export function rows(entry: Entry, status: Status, c: Colors): [title: string, text: string][] {
  const { pool, proxies, lock } = entry;
  const word = (p: Proxy) =>
    p.answers ? p.sessions : mark(p.answers, p.answers === undefined ? "?" : "no answer", c);
  const web = [
    vipText(status, "web", c),
    `pool ${pool.size} (${pool.min} to ${pool.max})`,
    `clients: ${proxies.map((p) => `${p.name} ${word(p)}`).join(", ")}`,
  ];
  const sent = (["redis", "galera"] as const).flatMap((name) => {
    const serving = telling(entry, status)?.entries[name].serving;
    return serving === undefined ? [] : [`${name} → ${serving}`];
  });
  return [
    ["Web", web.join(" · ")],
    ["Data", [vipText(status, "data", c), ...sent].join(" · ")],
    ["Lock", lock ? `held by ${describeHolder(lock)}` : ""],
  ];
}

/** The HAProxy node that users are on, or one that can tell what it would do. */
function telling({ proxies }: Entry, status: Status): Proxy | undefined {
  const name = holderOf(status, "web");
  const answering = proxies.filter((p) => p.answers);
  return answering.find((p) => p.name === name) ?? answering[0];
}

/** A row for each service, a column for each web node: its state and sessions. */
export function table(entry: Entry, status: Status, c: Colors): string[] {
  const proxy = telling(entry, status);
  if (!proxy) {
    const late = entry.proxies.some((p) => p.answers === undefined);
    return [mark(late ? undefined : false, "        No HAProxy node tells who is in rotation", c)];
  }
  const nodes = [...new Set(proxy.services.flatMap((s) => s.servers.map((x) => x.machine)))].sort(
    (a, b) => a.localeCompare(b, "en", { numeric: true }),
  );
  const name = Math.max(...proxy.services.map((s) => s.name.length)) + 2;
  const width = Math.max(9, ...nodes.map((n) => n.length + 2));
  const title = `  ${`in ${proxy.name}`.padEnd(name)}${nodes.map((n) => n.padEnd(width)).join("")}sessions`;
  return [
    c.dim(title),
    ...proxy.services.map(({ name: service, servers }) => {
      const cells = nodes.map((node) =>
        cell(
          servers.find((s) => s.machine === node),
          width,
          c,
        ),
      );
      const total = servers.reduce((sum, s) => sum + s.sessions, 0);
      return `  ${service.padEnd(name)}${cells.join("")}${total}`;
    }),
  ];
}

function cell(server: Server | undefined, width: number, c: Colors): string {
  if (!server) return c.red("absent".padEnd(width));
  const { up, admin, sessions } = server;
  const text = (
    !up ? "down" : admin === "ready" ? `up ${sessions}` : `${admin} ${sessions}`
  ).padEnd(width);
  return up && admin === "ready" ? c.green(text) : up ? c.yellow(text) : c.red(text);
}
