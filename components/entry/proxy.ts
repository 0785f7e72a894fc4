import { EMPTY, type Observed, parseObservation, parseStats } from "../../haproxy/state";
import type { SiteOutputs } from "../../plan/outputs";
import type { Holder } from "../../rollout/lock";
import type { Part } from "../look";

export interface Entry {
  pool: { size: number; min: number; max: number };
  proxies: Proxy[];
  /** Who holds the site's lock; undefined when nobody does. */
  lock?: Holder;
}

/** One HAProxy node. */
export interface Proxy {
  name: string;
  /**
   * False when its admin socket said nothing: dead, or another configuration than the site's; undefined when it did not
   * say so in time.
   */
  answers?: boolean;
  /** Time of the last change of membership that it knows, s since 1970. */
  generation: number;
  /** Connections of web clients. */
  sessions: number;
  services: Service[];
  /** Servers that are up, and the one that clients are sent to, of both data entries. */
  entries: Record<"redis" | "galera", { up: string[]; serving?: string }>;
}

export interface Service {
  name: string;
  servers: Server[];
}

/** A web node in the backend of a service. */
export interface Server {
  machine: string;
  up: boolean;
  admin: "ready" | "drain" | "maint";
  /** Requests being served and waiting, and WebSockets. */
  sessions: number;
  /** Last health check in HAProxy's words, e.g. L7OK. */
  check: string;
}

/** What a HAProxy node said of itself. */
export function proxy(
  name: string,
  part: Part,
  { services: wanted, addresses }: SiteOutputs,
): Proxy {
  const services = Object.keys(wanted);
  const said = part(name, "state");
  const text = said ?? "";
  let observed: Observed;
  try {
    observed = parseObservation(text, services);
  } catch {
    const silent = { up: [] };
    const entries = { redis: silent, galera: silent };
    const answers = said === undefined ? undefined : false;
    return { name, answers, generation: 0, sessions: 0, services: [], entries };
  }
  const stats = parseStats(text.slice(text.indexOf("# pxname,")));
  const web = Object.entries(addresses["web"] ?? {});
  const machineAt = new Map(web.map(([machine, address]) => [address, machine]));
  const entry = (backend: string) => ({
    up: stats
      .filter((s) => s.pxname === backend && s.type === "2" && s.status?.startsWith("UP"))
      .map((s) => s.svname ?? ""),
    serving: /server_key=(\S+)/.exec(part(name, backend) ?? "")?.[1],
  });
  return {
    name,
    answers: true,
    generation: observed.generation,
    sessions: Number(stats.find((s) => s.pxname === "https" && s.type === "0")?.scur ?? 0),
    services: services.map((service) => ({
      name: service,
      servers: observed.slots
        .filter((slot) => slot.backend === service && slot.address !== EMPTY)
        .map(({ address, up, admin, sessions, lastCheck }) => ({
          machine: machineAt.get(address) ?? address,
          up,
          admin,
          sessions,
          check: lastCheck,
        })),
    })),
    entries: { redis: entry("redis"), galera: entry("galera") },
  };
}
