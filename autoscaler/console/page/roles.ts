/** What each machine is and does, from what `npx hpc status --json` says. Pure. */
import type { Slurm } from "../../../components/controllers/look";
import type { Entry } from "../../../components/entry/proxy";
import type { Galera } from "../../../components/galera/look";
import type { Redis } from "../../../components/redis/look";
import type { Decision } from "../../model";
import type { ShownStatus } from "../wire";
import type { Health } from "./parts";
import type { Texts } from "./texts";

/** A role in words, and whether that is as it should be; undefined: nothing to say against it. */
export interface Role {
  text: string;
  health?: Health;
}

export interface Seen {
  name: string;
  address: string;
  health: Health;
  /** What is wrong, in the machine's words. */
  why?: string;
  roles: Role[];
}

/** Health in status' words, where it is not "ok". */
const LATE = "no answer in time";

export function seen(
  status: ShownStatus,
  tier: string,
  decision: Decision | undefined,
  t: Texts,
): Seen[] {
  return status.machines
    .filter((machine) => machine.tier === tier)
    .map(({ name, address, health }) => ({
      name,
      address,
      health: health === "ok" ? "good" : health === LATE ? "unknown" : "bad",
      ...(health !== "ok" && { why: health }),
      roles: [
        ...vips(status, name, t),
        ...(ROLES[tier]?.(status.tiers[tier], name, t) ?? []),
        ...(tier === "web" ? loadOf(name, decision, t) : []),
        ...(tier === "compute"
          ? compute(status.tiers["controllers"] as Slurm | undefined, name)
          : []),
      ],
    }));
}

function vips(status: ShownStatus, machine: string, t: Texts): Role[] {
  const held = status.vips.filter(({ holders }) => holders.includes(machine));
  return held.length === 0 ? [] : [{ text: t.vips(held.map(({ name }) => name).join(", ")) }];
}

/** Roles by the state of the machine's tier. */
const ROLES: Record<string, (state: unknown, name: string, t: Texts) => Role[]> = {
  controllers: (state, name, t) => {
    const { primary, backups = [] } = (state ?? {}) as Partial<Slurm>;
    if (primary === name) return [{ text: t.primary }];
    const backup = backups.find((b) => b.name === name);
    if (backup === undefined) return [];
    return [
      backup.fit === false
        ? { text: t.unfit, health: "bad" }
        : { text: t.backup, health: backup.fit ? undefined : "unknown" },
    ];
  },
  redis: (state, name, t) => {
    const { masters = [], replicas = [], writable } = (state ?? {}) as Partial<Redis>;
    if (masters.includes(name)) {
      return [writable === false ? { text: t.noWrites, health: "bad" } : { text: t.master }];
    }
    const replica = replicas.find((r) => r.name === name);
    if (replica === undefined) return [];
    return [replica.linkUp ? { text: t.replica } : { text: t.notFollowing, health: "warn" }];
  },
  galera: (state, name) => {
    const node = ((state ?? {}) as Partial<Galera>).nodes?.find((n) => n.name === name);
    if (!node?.state) return [];
    return [
      { text: node.state, health: node.primary && node.state === "Synced" ? undefined : "warn" },
    ];
  },
  entry: (state, name, t) => {
    const proxy = ((state ?? {}) as Partial<Entry>).proxies?.find((p) => p.name === name);
    if (proxy === undefined) return [];
    return [
      proxy.answers ? { text: t.clients(proxy.sessions) } : { text: t.silent, health: "bad" },
    ];
  },
};

function compute(slurm: Slurm | undefined, name: string): Role[] {
  const node = slurm?.nodes.find((n) => n.name === name);
  if (node === undefined) return [];
  const well = /^(idle|alloc|mix|comp)[a-z]*$/.test(node.state);
  return [{ text: node.state, health: well ? undefined : "warn" }];
}

/** A web node as the autoscaler sees it. */
export function loadOf(name: string, decision: Decision | undefined, t: Texts): Role[] {
  const { backends = [], cpu = {} } = decision?.look ?? {};
  const mine = backends.flatMap(({ servers }) => servers.filter((s) => s.machine === name));
  if (mine.length === 0) return [];
  const sessions = mine.reduce((sum, s) => sum + s.sessions, 0);
  const busy = cpu[name];
  const serving = mine.filter((s) => s.serving).length;
  return [
    ...(serving < mine.length
      ? [{ text: t.servesSome(serving, mine.length), health: "warn" } as const]
      : []),
    { text: t.sessions(sessions) },
    ...(busy === undefined ? [] : [{ text: t.cpu(Math.round(busy.value * 100)) }]),
  ];
}
