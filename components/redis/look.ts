import type { Colors } from "picocolors/types";
import {
  type Finding,
  isLate,
  isSick,
  lines,
  list,
  type Look,
  type MachineHealth,
  machinesIn,
  mark,
  on,
  part,
  type Part,
  type Status,
} from "../look";
import { REDIS as REDIS_CLI } from "./cli";
import { REDIS, SENTINEL } from "./units";

export interface Redis {
  /** Nodes that say that they are the master; more than one only for a moment. */
  masters: string[];
  /** Whether a master takes writes: it has replicas enough. */
  writable: boolean;
  replicas: {
    name: string;
    linkUp: boolean;
    /** Time since the master last heard of it, s, and bytes that it is behind; undefined when no master tells. */
    lagSeconds?: number;
    lagBytes?: number;
  }[];
  /** Nodes whose Sentinel could have a new master elected. */
  quorum: string[];
  /** Nodes whose Sentinel trusts nobody's word for half a minute, as its clock jumped or its machine stood still. */
  tilt: string[];
}

/**
 * A replica that is farther behind is no spare: the master stops taking writes then (min-replicas-max-lag), s; times
 * failoverPatience, as all time limits of a failover.
 */
const MAX_LAG = 3;

/** Who is the master, who follows it, and who could replace it. */
export const look: Look<Redis> = {
  rank: 2,
  questions: () => [
    part("replication", `${REDIS_CLI} redis info replication`),
    part("quorum", `${REDIS_CLI} printf 'SENTINEL CKQUORUM %s\\nINFO sentinel\\n' $set | watcher`),
  ],
  read,
  findings: (state, status) => [...replication(state, status), ...sentinels(state, status)],
  rows: (state, status, c) => [["Redis", row(state, status, c)]],
};

/** The node that takes writes; undefined when none does, or several say so. */
export function masterOf({ tiers }: Status): string | undefined {
  const { masters = [] } = (tiers["redis"] ?? {}) as Partial<Redis>;
  return masters.length === 1 ? masters[0] : undefined;
}

function read(members: MachineHealth[], part: Part): Redis {
  const said = members.map(({ name, address }) => ({
    name,
    address,
    info: new Map(
      lines(part(name, "replication") ?? "").map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
    ),
    sentinel: part(name, "quorum") ?? "",
  }));
  const masters = said.filter(({ info }) => info.get("role") === "master");
  const known = new Map(
    masters.flatMap(({ info }) =>
      [...info].flatMap(([key, value]) => {
        const replica = /^slave\d+$/.test(key) && /ip=([^,]+),.*offset=(\d+),lag=(\d+)/.exec(value);
        if (!replica) return [];
        const [, address = "", offset, lag] = replica;
        const behind = Number(info.get("master_repl_offset")) - Number(offset);
        return [[address, { lagSeconds: Number(lag), lagBytes: Math.max(0, behind) }] as const];
      }),
    ),
  );
  const names = (nodes: typeof said) => nodes.map(({ name }) => name);
  const tilted = (sentinel: string) => sentinel.includes("sentinel_tilt:1");
  return {
    masters: names(masters),
    // The field is there when the configuration asks for replicas at all.
    writable: masters.some(({ info }) => info.get("min_slaves_good_slaves") !== "0"),
    replicas: said
      .filter(({ info }) => info.get("role") === "slave")
      .map(({ name, address, info }) => ({
        name,
        linkUp: info.get("master_link_status") === "up",
        ...known.get(address),
      })),
    quorum: names(said.filter((n) => n.sentinel.startsWith("OK ") && !tilted(n.sentinel))),
    tilt: names(said.filter((n) => tilted(n.sentinel))),
  };
}

const members = (status: Status) => machinesIn(status, "redis");
const someLate = (status: Status, part: string) =>
  members(status).some((m) => m.late.includes(part));

function replication({ masters, writable, replicas }: Redis, status: Status): Finding[] {
  const found: Finding[] = [];
  if (masters.length === 0) {
    // It may be the one that did not tell.
    if (someLate(status, "replication")) return [];
    return [{ severity: "down", what: "Redis has no master: sessions cannot be written." }];
  }
  if (!writable) {
    const what = `Redis takes no writes: its master ${list(masters)} has no replica that follows it.`;
    found.push({ severity: "down", what });
  }
  if (masters.length > 1) {
    found.push({
      severity: "reduced",
      what: `Redis has more than one master, ${list(masters)}: Sentinel makes replicas of all but one in seconds.`,
      mend: on(status, masters[1] ?? "", `systemctl restart ${SENTINEL}`),
    });
  }
  for (const { name } of members(status)) {
    if (masters.includes(name) || isSick(status, name) || isLate(status, name, "replication")) {
      continue;
    }
    const replica = replicas.find((r) => r.name === name);
    const lag = replica?.linkUp ? replica.lagSeconds : undefined;
    if (lag !== undefined && lag <= MAX_LAG * status.site.failoverPatience) continue;
    const how = lag === undefined ? "does not follow the master" : `is ${lag} s behind its master`;
    found.push({
      severity: "reduced",
      what: `Redis on ${name} ${how}. It may be copying its data; if it goes on, restart it.`,
      mend: on(status, name, `systemctl restart ${REDIS}`),
    });
  }
  return found;
}

function sentinels({ quorum, tilt }: Redis, status: Status): Finding[] {
  const all = members(status);
  const tilted = tilt.map((name): Finding => ({
    severity: "reduced",
    what: `The Sentinel of ${name} takes no part in an election for half a minute: its clock jumped, or its machine stood still.`,
  }));
  const alone = all
    .map(({ name }) => name)
    .filter((name) => !quorum.includes(name) && !tilt.includes(name))
    .filter((name) => !isSick(status, name) && !isLate(status, name, "quorum"))
    .map((name): Finding => ({
      severity: "reduced",
      what: `The Sentinel of ${name} sees no majority: it could not have a lost Redis master replaced.`,
      mend: all.some((m) => m.health !== "ok")
        ? undefined
        : on(status, name, `systemctl restart ${SENTINEL}`),
    }));
  return [...tilted, ...alone];
}

function row({ masters, writable, replicas, quorum }: Redis, status: Status, c: Colors): string {
  const size = members(status).length;
  const unknown = masters.length === 0 && someLate(status, "replication");
  const enough = quorum.length === size || (someLate(status, "quorum") ? undefined : false);
  return [
    `master ${unknown ? mark(undefined, "?", c) : mark(masters.length === 1, masters.join(" and ") || "none", c)}`,
    ...(writable || unknown ? [] : [c.red("takes no writes")]),
    ...replicas.map(({ name, linkUp, lagSeconds, lagBytes }) =>
      linkUp && lagSeconds !== undefined
        ? `replica ${c.green(name)} (lag ${lagSeconds} s, ${lagBytes} B)`
        : linkUp && unknown
          ? `replica ${c.green(name)}`
          : `replica ${c.red(`${name} not following`)}`,
    ),
    `Sentinel quorum on ${mark(enough, `${quorum.length} of ${size}`, c)}`,
  ].join(" · ");
}
