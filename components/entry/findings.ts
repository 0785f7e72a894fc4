import { syncedOf } from "../galera/look";
import { type Finding, holderOf, isSick, list, machinesIn, on, type Status } from "../look";
import { masterOf } from "../redis/look";
import { webUnit } from "../web/units";
import type { Entry, Proxy, Server } from "./proxy";
import { HAPROXY } from "./units";

/** What is wrong with HAProxy, the membership of the web pool and the data entries. */
export function findings({ proxies }: Entry, status: Status): Finding[] {
  const answering = proxies.filter((p) => p.answers);
  const holder = holderOf(status, "web");
  const mute = proxies.filter((p) => p.answers === false && !isSick(status, p.name));
  const found = mute.map(({ name }): Finding => ({
    severity: name === holder ? "down" : "reduced",
    what: `HAProxy on ${name} runs, but does not answer on its admin socket.`,
    mend: restart(status, name),
  }));
  const serving = answering.find((p) => p.name === holder);
  if (serving) found.push(...outages(serving));
  const newest = Math.max(...answering.map((p) => p.generation));
  for (const proxy of answering) {
    found.push(...entries(status, proxy), ...rotation(status, proxy, newest));
  }
  return found;
}

const restart = (status: Status, name: string) => on(status, name, `systemctl restart ${HAPROXY}`);

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
  const seen = [...entries.redis.up, ...entries.galera.up];
  const master = masterOf(status);
  return [...(master === undefined ? [] : [master]), ...syncedOf(status)]
    .filter((node) => !seen.includes(node) && !isSick(status, node))
    .map((node): Finding => ({
      severity: "reduced",
      what: `${node} is well, but HAProxy on ${name} does not reach it (yet).`,
      mend: restart(status, name),
    }));
}

/** It passes its health check, but not often enough yet. */
const COMING = "just coming up";

/** Web nodes of the pool that one HAProxy node sends no new requests to, though they are up. */
function rotation(status: Status, { name, services, generation }: Proxy, newest: number) {
  if (generation < newest) {
    const what = `${name} has an older membership of the web pool than the other HAProxy node.`;
    return [{ severity: "reduced", what, mend: restart(status, name) } satisfies Finding];
  }
  const pool = machinesIn(status, "web").filter((m) => m.health === "ok");
  return pool.flatMap((machine) => {
    const missing = new Map<string, string[]>();
    for (const service of services) {
      const server = service.servers.find((s) => s.machine === machine.name);
      if (server && takesNew(server)) continue;
      const why = whyNot(server);
      missing.set(why, [...(missing.get(why) ?? []), service.name]);
    }
    return [...missing].map(([why, names]): Finding => ({
      severity: "reduced",
      what: `${name} sends no new requests for ${list(names)} to ${machine.name}: it is ${why}.`,
      mend: why.startsWith("failing")
        ? on(status, machine.name, `systemctl restart ${names.map(webUnit).join(" ")}`)
        : why === COMING
          ? undefined
          : rejoin(status),
    }));
  });
}

/** Why a web node gets no new requests for a service. */
function whyNot(server: Server | undefined): string {
  if (!server) return "not in rotation";
  if (server.admin !== "ready") return server.admin === "drain" ? "draining" : "in maintenance";
  if (server.check.startsWith("L7OK")) return COMING;
  return `failing its health check (${server.check || "none yet"})`;
}

/** Puts the pool into rotation again on both HAProxy nodes, whatever somebody did to it by hand. */
const rejoin = ({ stack }: Status) => `pulumi up --stack ${stack} --replace '**entry-membership'`;
