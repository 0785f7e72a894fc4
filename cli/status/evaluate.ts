import { EMPTY, type Observed, parseObservation, parseStats } from "../../haproxy/state";
import { type Answer, judge, type MachineHealth, NO_ANSWER } from "../health";
import type { PublicOutputs } from "../stack";
import { partsOf } from "./questions";

/** The site as it is now, in the terms of its tiers. Holds no secrets. */
export interface Status {
  stack: string;
  /** Command that logs in to a machine; put its address for ADDRESS. */
  login: string;
  machines: MachineHealth[];
  vips: { name: string; address: string; holders: string[] }[];
  slurm: Slurm;
  redis: Redis;
  galera: { nodes: GaleraNode[] };
  web: Web;
}

export interface Slurm {
  /** The machine with the VIP whose slurmctld answers; undefined when none does. */
  primary?: string;
  /** Controllers without the VIP; one that is not fit would not take over. */
  backups: { name: string; fit: boolean }[];
  /** Why a controller refuses to be one, in slurm-ha's own words. */
  refusals: Record<string, string>;
  /** Machines whose slurmdbd runs. */
  accounting: string[];
  /** Number of jobs by Slurm's state, e.g. RUNNING; undefined when nobody could tell. */
  jobs?: Record<string, number>;
  nodes: ComputeNode[];
}

export interface ComputeNode {
  name: string;
  /** Slurm's word, e.g. idle; a * behind it means that it does not answer slurmctld. */
  state: string;
  /** Why it takes no jobs, and who said so (slurm: Slurm itself); undefined when nobody did. */
  reason?: string;
  by?: string;
}

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

export interface GaleraNode {
  name: string;
  /** wsrep_local_state_comment: Synced, Joining, Donor/Desynced, Initialized, …; "" when MariaDB said nothing. */
  state: string;
  /** Whether it is in the primary component, and so takes queries. */
  primary: boolean;
  /** Nodes that it sees. */
  size: number;
}

export interface Web {
  pool: { size: number; min: number; max: number };
  proxies: Proxy[];
}

/** One HAProxy node. */
export interface Proxy {
  name: string;
  /** False when its admin socket said nothing: dead, hung, or another configuration than the site's. */
  answers: boolean;
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

/** Reads what the machines answered to their questions. */
export function evaluate(stack: string, outputs: PublicOutputs, answers: Answer[]): Status {
  const machines = answers.map((answer) => judge(answer, outputs));
  const parts = new Map(answers.map((a) => [a.machine.name, partsOf(a.text ?? "")]));
  const of = (role: string) => machines.filter((m) => m.role === role);
  const part = (machine: string, name: string) => parts.get(machine)?.get(name) ?? "";
  return {
    stack,
    login: outputs.login,
    machines,
    vips: Object.entries(outputs.vips).map(([name, address]) => ({
      name,
      address,
      holders: machines.filter((m) => m.vips.includes(name)).map((m) => m.name),
    })),
    slurm: slurm(of("controllers"), part),
    redis: redis(of("redis"), part),
    galera: { nodes: of("galera").map(({ name }) => galeraNode(name, part(name, "galera"))) },
    web: {
      pool: outputs.webPool,
      proxies: of("entry").map(({ name }) =>
        proxy(name, Object.keys(outputs.urls), outputs.addresses["web"] ?? {}, part),
      ),
    },
  };
}

type Part = (machine: string, name: string) => string;
const lines = (text: string) => text.split("\n").map((line) => line.trim());

/** Units without which a controller would not get the VIP. */
const FITNESS = ["slurm-watch", "keepalived"];

function slurm(controllers: MachineHealth[], part: Part): Slurm {
  const said = controllers.map(({ name }) => ({ name, text: part(name, "slurm") }));
  const primary = said.find(({ text }) => /^Slurmctld\(.*\) at .* is UP$/m.test(text));
  const jobs: Record<string, number> = {};
  for (const [, state = ""] of primary?.text.matchAll(/^job (\S+)$/gm) ?? []) {
    jobs[state] = (jobs[state] ?? 0) + 1;
  }
  const nodes = [...(primary?.text.matchAll(/^node (\S+) (\S+) (\S+) (.*)$/gm) ?? [])];
  return {
    primary: primary?.name,
    backups: controllers
      .filter((m) => !m.vips.includes("slurm"))
      .map(({ name, health, faults }) => ({
        name,
        fit: health !== NO_ANSWER && !faults.some((unit) => FITNESS.includes(unit)),
      })),
    refusals: Object.fromEntries(
      controllers.flatMap(({ name }) => {
        const reason = refusal(part(name, "unfit"));
        return reason === undefined ? [] : [[name, reason]];
      }),
    ),
    accounting: controllers
      .filter(({ health, faults }) => health !== NO_ANSWER && !faults.includes("slurmdbd"))
      .map(({ name }) => name),
    jobs: primary ? jobs : undefined,
    nodes: nodes.map(([, name = "", state = "", by, reason]) =>
      reason === "none" ? { name, state } : { name, state, by, reason },
    ),
  };
}

/** The newest refusal in slurm-ha's messages; one that a person has to answer is not lost among those that follow. */
function refusal(text: string): string | undefined {
  const said = lines(text)
    .map((line) => line.replace("slurm-ha: ", ""))
    .filter((line) => line !== "" && !/^epoch \d|switched off|is off$/.test(line));
  return said.findLast((line) => line.includes("slurm-ha fenced")) ?? said.at(-1);
}

function redis(members: MachineHealth[], part: Part): Redis {
  const said = members.map(({ name, address }) => ({
    name,
    address,
    info: new Map(
      lines(part(name, "replication")).map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1)];
      }),
    ),
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
  const names = members.map(({ name }) => name);
  const tilt = names.filter((name) => part(name, "quorum").includes("sentinel_tilt:1"));
  return {
    masters: masters.map(({ name }) => name),
    // The field is there when the configuration asks for replicas at all.
    writable: masters.some(({ info }) => info.get("min_slaves_good_slaves") !== "0"),
    replicas: said
      .filter(({ info }) => info.get("role") === "slave")
      .map(({ name, address, info }) => ({
        name,
        linkUp: info.get("master_link_status") === "up",
        ...known.get(address),
      })),
    quorum: names.filter((name) => part(name, "quorum").startsWith("OK ") && !tilt.includes(name)),
    tilt,
  };
}

function galeraNode(name: string, text: string): GaleraNode {
  const values = new Map(
    lines(text).map((line) => line.split("\t") as [string, string | undefined]),
  );
  return {
    name,
    state: values.get("wsrep_local_state_comment") ?? "",
    primary: values.get("wsrep_cluster_status") === "Primary" && values.get("wsrep_ready") === "ON",
    size: Number(values.get("wsrep_cluster_size") ?? 0),
  };
}

function proxy(name: string, services: string[], web: Record<string, string>, part: Part): Proxy {
  const silent = { up: [] };
  const text = part(name, "state");
  let observed: Observed;
  try {
    observed = parseObservation(text, services);
  } catch {
    const entries = { redis: silent, galera: silent };
    return { name, answers: false, generation: 0, sessions: 0, services: [], entries };
  }
  const stats = parseStats(text.slice(text.indexOf("# pxname,")));
  const machineAt = new Map(Object.entries(web).map(([machine, address]) => [address, machine]));
  const entry = (backend: string) => ({
    up: stats
      .filter((s) => s.pxname === backend && s.type === "2" && s.status?.startsWith("UP"))
      .map((s) => s.svname ?? ""),
    serving: /server_key=(\S+)/.exec(part(name, backend))?.[1],
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
