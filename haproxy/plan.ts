import { EMPTY, type Observed, type Slot } from "./state";

/** A web service as far as HAProxy is concerned. */
export interface Service {
  /** Backend name. */
  name: string;
  port: number;
  healthPath: string;
  /** Name that a check asks for. Default: the web VIP. */
  healthHost?: string;
  /** Codes and ranges of a healthy answer: "200", "200-399". */
  healthStatus: string;
  /** Longest wait for the answer to a check, s. */
  checkSeconds: number;
}

/** A web node that should be in every backend. */
export interface Member {
  name: string;
  address: string;
}

/** A node put into a slot of one backend of one HAProxy node. */
export interface Addition {
  backend: string;
  server: string;
  address: string;
  port: number;
}

/** A slot to be emptied. */
export interface Removal {
  backend: string;
  server: string;
  address: string;
}

/** What is to be done on one HAProxy node: all additions first, then all removals. */
export interface NodePlan {
  additions: Addition[];
  removals: Removal[];
}

/**
 * What makes the observed state the wanted one. Looks at nothing but its arguments, so running it
 * again after an interruption plans just what is left.
 *
 * A node keeps the slots that it has. A new node gets the same slot everywhere, as far as it is free
 * everywhere: the slot is in the sticky cookie, so a client stays on its node when the VIP moves.
 *
 * @param observed per HAProxy node
 * @param sick addresses of wanted nodes that are not put anywhere: they stay where they are, if they are anywhere
 * @throws Error when there is no free slot for a wanted node
 */
export function plan(
  wanted: Member[],
  services: Service[],
  observed: Map<string, Observed>,
  sick: ReadonlySet<string> = new Set(),
): Map<string, NodePlan> {
  const site = [...observed.values()].flatMap((o) => o.slots);
  const well = wanted.filter((m) => !sick.has(m.address));
  const common = assign(well, site);
  return new Map(
    [...observed].map(([node, { slots }]) => {
      const plans = services.map((service) =>
        planBackend(
          { wanted, well },
          service,
          slots.filter((s) => s.backend === service.name),
          common,
        ),
      );
      return [
        node,
        {
          additions: plans.flatMap((p) => p.additions),
          removals: plans.flatMap((p) => p.removals),
        },
      ];
    }),
  );
}

/** Whether nothing is left to do. */
export const isEmpty = (plans: Map<string, NodePlan>): boolean =>
  [...plans.values()].every((p) => p.additions.length + p.removals.length === 0);

/** Slot of each wanted address for the whole site: where it is already, else the first free one. */
export function assign(wanted: Member[], site: Slot[]): Map<string, string> {
  const result = new Map<string, string>();
  const taken = new Set(site.filter((s) => s.address !== EMPTY).map((s) => s.server));
  const names = [...new Set(site.map((s) => s.server))].sort(bySlot);
  for (const { address } of wanted) {
    const present = site.find((s) => s.address === address && !isClaimed(result, s.server));
    const server = present?.server ?? names.find((n) => !taken.has(n));
    if (server === undefined) continue;
    result.set(address, server);
    taken.add(server);
  }
  return result;
}

const isClaimed = (claims: Map<string, string>, server: string) =>
  [...claims.values()].includes(server);

function planBackend(
  { wanted, well }: { wanted: Member[]; well: Member[] },
  service: Service,
  slots: Slot[],
  common: Map<string, string>,
): NodePlan {
  const kept = new Map<string, Slot>();
  for (const { address } of wanted) {
    const mine = slots.filter((s) => s.address === address);
    const best = mine.find((s) => s.admin === "ready") ?? mine[0];
    if (best) kept.set(address, best);
  }
  // Slots that are left by this very run are no place for an addition: it comes first.
  const free = slots.filter((s) => s.address === EMPTY).sort((a, b) => bySlot(a.server, b.server));
  const additions: Addition[] = [];
  for (const { address, name } of well) {
    const present = kept.get(address);
    if (present && present.admin === "ready" && present.checked && present.port === service.port) {
      continue;
    }
    const slot = present ?? takeSlot(free, common.get(address));
    if (!slot) {
      throw new Error(
        `backend ${service.name} has ${slots.length} slots and none is free for ${name} (${address})`,
      );
    }
    const { name: backend, port } = service;
    additions.push({ backend, server: slot.server, address, port });
  }
  const stay = new Set([...kept.values()].map((s) => s.server));
  const removals = slots
    .filter((s) => s.address !== EMPTY && !stay.has(s.server))
    .map(({ backend, server, address }) => ({ backend, server, address }));
  return { additions, removals };
}

/** Takes the preferred slot out of the free ones, or the first. */
function takeSlot(free: Slot[], preferred: string | undefined): Slot | undefined {
  const at = free.findIndex((s) => s.server === preferred);
  return free.splice(Math.max(at, 0), 1)[0];
}

const slotNumber = (server: string) => Number(/\d+$/.exec(server)?.[0] ?? 0);
const bySlot = (a: string, b: string) => slotNumber(a) - slotNumber(b);

/**
 * Puts a node into its slot, or back into rotation when it was draining there (what it still serves is
 * not cut). `enable health` comes before `ready`, else it would count as up unchecked.
 */
export const addCommands = ({ backend, server, address, port }: Addition): string[] => [
  `set server ${backend}/${server} addr ${address} port ${port}`,
  `enable health ${backend}/${server}`,
  `set server ${backend}/${server} state ready`,
];

/** New requests go elsewhere; what runs goes on. */
export const drainCommands = ({ backend, server }: Removal): string[] => [
  `set server ${backend}/${server} state drain`,
];

/** Ends what is left after the drain and empties the slot. */
export const clearCommands = ({ backend, server }: Removal): string[] => [
  `shutdown sessions server ${backend}/${server}`,
  `set server ${backend}/${server} state maint`,
  `set server ${backend}/${server} addr ${EMPTY}`,
];

/** Sessions still on the slots that are being removed. */
export const sessionsLeft = (removals: Removal[], observed: Observed): number =>
  removals
    .map((r) => observed.slots.find((s) => s.backend === r.backend && s.server === r.server))
    .reduce((sum, slot) => sum + (slot?.sessions ?? 0), 0);

/** Additions whose first health check by HAProxy itself has not succeeded yet, with the result of the last one. */
export const unproven = (
  additions: Addition[],
  observed: Observed,
): (Addition & { lastCheck: string })[] =>
  additions.flatMap((a) => {
    const slot = observed.slots.find((s) => s.backend === a.backend && s.server === a.server);
    if (slot?.up && slot.lastCheck.startsWith("L7OK")) return [];
    return { ...a, lastCheck: slot?.lastCheck ?? "" };
  });

/**
 * Marks the time of a change, so that a returning HAProxy node can tell which of two saved states is
 * newer. Seconds since 1970, in the four bytes of the address of a server that nothing connects to.
 */
export function generationCommand(seconds: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => (Math.floor(seconds) >>> shift) & 255);
  return `set server membership/generation addr ${bytes.join(".")}`;
}
