import type { Proxy, Server, Status } from "./evaluate";
import { type Finding, isSick, list, on, rejoin } from "./findings";

/** What is wrong with HAProxy, the membership of the web pool and the data entries. */
export function diagnoseWeb(status: Status): Finding[] {
  const { proxies } = status.web;
  const answering = proxies.filter((p) => p.answers);
  const holder = status.vips.find((v) => v.name === "web")?.holders[0];
  const found: Finding[] = [];
  for (const { name } of proxies.filter((p) => !p.answers && !isSick(status, p.name))) {
    found.push({
      severity: name === holder ? "down" : "reduced",
      what: `HAProxy on ${name} runs, but does not answer on its admin socket.`,
      mend: on(status, name, "systemctl restart haproxy"),
    });
  }
  const serving = answering.find((p) => p.name === holder);
  if (serving) found.push(...outages(serving));
  for (const proxy of answering) found.push(...entries(status, proxy), ...rotation(status, proxy));
  return found;
}

/** Services of the serving HAProxy node that no server is up for. */
function outages({ name, services, entries }: Proxy): Finding[] {
  const down = services.filter((s) => !s.servers.some(takesNew)).map((s) => s.name);
  const data = Object.entries(entries).flatMap(([n, e]) => (e.up.length === 0 ? [n] : []));
  return [
    ...(down.length === 0 ? [] : [`No web node serves ${list(down)} at the web VIP (${name}).`]),
    ...(data.length === 0 ? [] : [`Nobody can reach ${list(data)} at the data VIP (${name}).`]),
  ].map((what) => ({ severity: "down", what }));
}

const takesNew = (s: Server) => s.up && s.admin === "ready";

/** Redis master and Galera nodes that are well by themselves and that this HAProxy node does not see. */
function entries(status: Status, { name, entries }: Proxy): Finding[] {
  const { masters } = status.redis;
  const synced = status.galera.nodes.filter((n) => n.primary && n.state === "Synced");
  const seen = [...entries.redis.up, ...entries.galera.up];
  const lost = [...(masters.length === 1 ? masters : []), ...synced.map((n) => n.name)]
    .filter((node) => !seen.includes(node) && !isSick(status, node))
    .map((node): Finding => ({
      severity: "reduced",
      what: `${node} is well, but HAProxy on ${name} does not reach it (yet).`,
      mend: on(status, name, "systemctl restart haproxy"),
    }));
  return lost;
}

/** It passes its health check, but not often enough yet. */
const COMING = "just coming up";

/** Web nodes of the pool that one HAProxy node sends no new requests to, though they are up. */
function rotation(status: Status, { name, services, generation }: Proxy): Finding[] {
  const newest = Math.max(...status.web.proxies.map((p) => p.generation));
  if (generation < newest) {
    return [
      {
        severity: "reduced",
        what: `${name} has an older membership of the web pool than the other HAProxy node.`,
        mend: on(status, name, "systemctl restart haproxy"),
      },
    ];
  }
  const pool = status.machines.filter((m) => m.role === "web" && m.health === "ok");
  return pool.flatMap((machine) => {
    const missing = new Map<string, string[]>();
    for (const service of services) {
      const server = service.servers.find((s) => s.machine === machine.name);
      if (server && takesNew(server)) continue;
      const why = !server
        ? "not in rotation"
        : server.admin === "ready"
          ? server.check.startsWith("L7OK")
            ? COMING
            : `failing its health check (${server.check || "none yet"})`
          : server.admin === "drain"
            ? "draining"
            : "in maintenance";
      missing.set(why, [...(missing.get(why) ?? []), service.name]);
    }
    return [...missing].map(([why, names]): Finding => ({
      severity: "reduced",
      what: `${name} sends no new requests for ${list(names)} to ${machine.name}: it is ${why}.`,
      mend: why.startsWith("failing")
        ? on(
            status,
            machine.name,
            `systemctl restart ${names.map((n) => `hpc-web@${n}`).join(" ")}`,
          )
        : why === COMING
          ? undefined
          : rejoin(status),
    }));
  });
}
