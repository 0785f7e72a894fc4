import type { Seat } from "../../rollout/lock";
import { type MachinesKnown, type MachinesWanted, pending } from "../perMachine";
import type { ReachedHost } from "../slurm/nodeSsh";
import { idOf } from "./nodes";
import type { Told } from "./programs";

/** Machines by their ids. */
export interface Inputs extends MachinesWanted {
  /** Request as JSON. Secret. */
  request: string;
  controllers: Seat[];
}

export interface Request {
  hosts: ReachedHost[];
  /** Ids of all machines that slurm.conf is to have: one without ssh is its owner's again, as it is. */
  there: string[];
  told: Told;
  /** Private key of who runs this, for machines that have none of their own. */
  ownKeyFile: string;
}

/** A machine that is to leave and could not be got to. */
export interface Leaving {
  host: ReachedHost;
  /** ISO 8601. */
  since: string;
}

export interface State extends MachinesKnown {
  /** Ids of machines on which something may have been done. */
  tried: string[];
  /** Of the cluster that they are of. */
  cluster: string;
  identity: string;
  /** Machines to leave, by id, as JSON. Secret. */
  leaving: string;
  request: string;
  controllers: Seat[];
}

/** For so long each `up` tries again to have a machine leave that is away, days. */
export const LEAVING_DAYS = 30;

/** What a request says of how machines are reached; nothing where there was none. */
export const reachedBy = (request: string): Pick<Request, "hosts" | "ownKeyFile"> =>
  request === "" ? { hosts: [], ownKeyFile: "" } : (JSON.parse(request) as Request);

/** Machines of the last run on which something may have been done. */
export const touchedHosts = ({
  applied,
  tried,
  request,
}: Pick<State, "applied" | "tried" | "request">): ReachedHost[] =>
  reachedBy(request).hosts.filter((host) => {
    const id = idOf(host);
    return id in applied || tried.includes(id);
  });

export const leavingOf = ({ leaving }: Pick<State, "leaving">): Record<string, Leaving> =>
  JSON.parse(leaving) as Record<string, Leaving>;

/**
 * What is to be done. Pure.
 * @param now ms since 1970
 * @param todo ids of machines to change. Default: those that are not as wanted
 */
export function planOf(
  state: State,
  { wanted, request }: Pick<Inputs, "wanted" | "request">,
  now: number,
  todo: string[] = pending(state, { wanted }),
): { join: ReachedHost[]; leave: Record<string, Leaving>; handedOver: string[] } {
  const { hosts, there } = JSON.parse(request) as Request;
  const since = new Date(now).toISOString();
  const before = touchedHosts(state).filter((host) => !(idOf(host) in wanted));
  const leave = {
    ...Object.fromEntries(before.map((host) => [idOf(host), { host, since }])),
    ...leavingOf(state),
  };
  const young = Object.entries(leave).filter(
    ([id, { since }]) =>
      !(id in wanted) &&
      !there.includes(id) &&
      now - Date.parse(since) < LEAVING_DAYS * 24 * 3_600_000,
  );
  return {
    join: hosts.filter((host) => todo.includes(idOf(host))),
    leave: Object.fromEntries(young),
    handedOver: before.map(idOf).filter((id) => there.includes(id)),
  };
}
