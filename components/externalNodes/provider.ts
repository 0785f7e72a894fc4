import type * as pulumi from "@pulumi/pulumi";
import { digest } from "../../lib/hash";
import type { Seat } from "../../rollout/lock";
import { askCluster, type ClusterFacts, foreignNodes, optionOf } from "../controllers/nodeKit";
import { interrupted } from "../interrupt";
import { ask, inTurn, leaveWithPulumi, once, siteLock, unfinished } from "../providerProcess";
import type { ReachedHost } from "../slurm/nodeSsh";
import { forAll, idOf, type Joined, joinNodes, leaveNodes, readCheck } from "./nodes";
import { joinProgram, leaveProgram, type Told } from "./programs";
import { reaching } from "./reach";

export interface Inputs {
  /** Of each machine: stands for all that it is to be. */
  wanted: Record<string, string>;
  /** Request as JSON. Secret. */
  request: string;
  controllers: Seat[];
  /** Where the site's lock is kept. */
  seats: Seat[];
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
interface Leaving {
  host: ReachedHost;
  /** ISO 8601. */
  since: string;
}

export interface State {
  applied: Record<string, string>;
  /** Ids of machines on which something may have been done. */
  tried: string[];
  /** What was found to differ at the last refresh. */
  drift: Record<string, string[]>;
  /** Of the cluster that they are of. */
  cluster: string;
  identity: string;
  /** Machines to leave, by id, as JSON. Secret. */
  leaving: string;
  request: string;
  controllers: Seat[];
}

/** For so long each `up` tries again to have a machine leave that is away, days. */
const LEAVING_DAYS = 30;

const NOTHING = {
  applied: {},
  tried: [],
  drift: {},
  cluster: "",
  identity: "",
  leaving: "{}",
  request: "",
  controllers: [],
};

const requestOf = (request: string): Pick<Request, "hosts" | "ownKeyFile"> =>
  request === "" ? { hosts: [], ownKeyFile: "" } : (JSON.parse(request) as Request);
const hostsOf = (request: string): ReachedHost[] => requestOf(request).hosts;

/** What is to be done. Pure. @param now ms since 1970 */
export function planOf(
  state: State,
  { wanted, request }: Pick<Inputs, "wanted" | "request">,
  now: number,
): { join: ReachedHost[]; leave: Record<string, Leaving>; handedOver: string[] } {
  const { hosts, there } = JSON.parse(request) as Request;
  const since = new Date(now).toISOString();
  const before = hostsOf(state.request).filter((host) => {
    const id = idOf(host);
    return !(id in wanted) && (id in state.applied || state.tried.includes(id));
  });
  const known = JSON.parse(state.leaving) as Record<string, Leaving>;
  const leave = {
    ...Object.fromEntries(before.map((host) => [idOf(host), { host, since }])),
    ...known,
  };
  const young = Object.entries(leave).filter(
    ([id, { since }]) =>
      !(id in wanted) &&
      !there.includes(id) &&
      now - Date.parse(since) < LEAVING_DAYS * 24 * 3_600_000,
  );
  return {
    join: hosts.filter((host) => {
      const id = idOf(host);
      return state.applied[id] !== wanted[id] || (state.drift[id] ?? []).length > 0;
    }),
    leave: Object.fromEntries(young),
    handedOver: before.map(idOf).filter((id) => there.includes(id)),
  };
}

const askingFor = (controllers: Seat[]) => {
  const one = (name: string, text: string) =>
    ask(controllers.find(({ machine }) => machine === name)?.ssh ?? [], text);
  return {
    cluster: () =>
      askCluster({ machines: { names: () => controllers.map((c) => c.machine), ask: one } }),
    /** "" when none answers. */
    any: async (text: string) => {
      for (const { machine } of controllers) {
        const said = await one(machine, text);
        if (said !== undefined) return said;
      }
      return "";
    },
  };
};

const say = (text: string) => console.error(text);
const each = (said: Record<string, string>): string =>
  Object.entries(said)
    .map(([name, why]) => `\n  ${name}: ${why}`)
    .join("");

/** Machines that may leave: slurm.conf in force does not have them. */
const outOf = (facts: ClusterFacts, made: string[], leave: Record<string, Leaving>): Leaving[] => {
  const there = foreignNodes(facts.config, made).map(idOf);
  return Object.entries(leave).flatMap(([id, one]) => (there.includes(id) ? [] : [one]));
};

async function apply(
  id: string,
  state: State,
  news: Inputs & { __provider?: unknown },
): Promise<State> {
  const { join, leave } = planOf(state, news, Date.now());
  const { told, ownKeyFile } = JSON.parse(news.request) as Request;
  const next: State = {
    ...state,
    applied: Object.fromEntries(
      Object.entries(state.applied).filter(
        ([id]) => id in news.wanted && !join.some((host) => idOf(host) === id),
      ),
    ),
    tried: state.tried.filter((id) => id in news.wanted),
    drift: {},
    leaving: JSON.stringify(leave),
    request: news.request,
    controllers: news.controllers,
  };
  if (join.length + Object.keys(leave).length === 0) return next;
  try {
    const { signal } = await siteLock(news.seats);
    const controllers = askingFor(news.controllers);
    const facts = await controllers.cluster();
    const made = Object.keys(told.site.addresses["compute"] ?? {});
    await reaching(ownKeyFile, signal, async (reach) => {
      // First: one that has got another address leaves by the old one before it joins by the new.
      const program = leaveProgram(state.cluster, state.identity);
      const going = outOf(facts, made, leave).map(({ host }) => host);
      const { gone, stay } = await leaveNodes(going, program, reach);
      for (const id of gone) delete leave[id];
      next.leaving = JSON.stringify(leave);
      if (Object.keys(stay).length > 0) {
        say(
          `machines that are no nodes any more, and still have what makes them some; tried again by each pulumi up, for ` +
            `${LEAVING_DAYS} days:${each(stay)}`,
        );
      }
      next.cluster = optionOf(facts.config, "ClusterName");
      next.identity = facts.identity;
      if (join.length === 0) return;
      const joined = await inTurn(() =>
        joinNodes({
          ...{ hosts: join, program: joinProgram(facts, told), reach, ask: controllers.any },
          ...{ progress: say, signal, interrupted: interrupted() },
        }),
      );
      note(next, joined, join, news.wanted);
    });
    return next;
  } catch (error) {
    throw unfinished(id, (error as Error).message, { ...next, __provider: news.__provider });
  }
}

/** @throws Error that names who refused */
function note(
  next: State,
  { done, away, refused }: Joined,
  join: ReachedHost[],
  wanted: Inputs["wanted"],
): void {
  for (const id of done) next.applied[id] = wanted[id] ?? "";
  const touched = join.filter(({ name }) => !(name in away)).map(idOf);
  next.tried = [...new Set([...next.tried, ...touched])];
  if (Object.keys(away).length > 0) {
    say(
      `slurm.nodeGroups: nobody got to these machines; all others went on, and pulumi up tries them again:${each(away)}`,
    );
  }
  if (Object.keys(refused).length > 0) {
    throw new Error(`slurm.nodeGroups: these machines are not as they should be:${each(refused)}`);
  }
}

export const externalNodesProvider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
  async diff(_id, olds, news) {
    leaveWithPulumi();
    // A preview may not know yet what will be wanted: the text that Pulumi has in its place is no object.
    if (typeof news.wanted !== "object") return { changes: true };
    const state = { ...NOTHING, ...olds };
    const { join, leave, handedOver } = planOf(state, news, Date.now());
    const going = Object.keys(leave);
    const words = [
      ...join.map((host) => [host.name, ...(state.drift[idOf(host)] ?? [])].join(": ")),
      ...going.map((id) => `${id} leaves`),
      ...handedOver.map((id) => `${id} is its owner's again, and stays as it is`),
    ];
    if (words.length > 0) {
      await once(`nodes ${words.join()}`, () =>
        console.error(`nodes of the owner's: to be changed: ${words.join("; ")}`),
      );
    }
    const gone = Object.keys(state.applied).some((id) => !(id in news.wanted));
    // How they are reached is kept for the day on which they leave.
    const reached = digest(hostsOf(state.request)) !== digest(hostsOf(news.request));
    return { changes: join.length + going.length > 0 || gone || reached };
  },

  async create(inputs) {
    const id = digest(Object.keys(inputs.wanted));
    return { id, outs: await apply(id, NOTHING, inputs) };
  },

  async update(id, olds, news) {
    return { outs: await apply(id, { ...NOTHING, ...olds }, news) };
  },

  async read(id, props) {
    leaveWithPulumi();
    if (id === undefined || props === undefined) throw new Error("it cannot be imported");
    const state = { ...NOTHING, ...props };
    const hosts = hostsOf(state.request).filter((host) => idOf(host) in state.applied);
    const drift: State["drift"] = {};
    if (hosts.length > 0) {
      // Without an answer nobody knows what they are to be.
      const facts = await askingFor(state.controllers)
        .cluster()
        .catch(() => undefined);
      const { told } = JSON.parse(state.request) as Request;
      const program = facts && joinProgram(facts, told);
      await reaching(requestOf(state.request).ownKeyFile, undefined, async (reach) => {
        await forAll(program ? hosts : [], async (host) => {
          const said = await reach(host, program?.(host) ?? "", ["check"], 60);
          // One that does not answer is its owner's to bring back.
          if (said.kind !== "done") return;
          const { fresh, changes } = readCheck(said.lines);
          const found = fresh ? ["it is no node any more"] : changes;
          if (found.length > 0) drift[idOf(host)] = found;
        });
      });
    }
    return { id, props: { ...props, drift } };
  },

  /** With the site they are no nodes any more. Who is away keeps nobody from that. */
  async delete(_id, props) {
    const state = { ...NOTHING, ...props };
    const known = Object.values(JSON.parse(state.leaving) as Record<string, Leaving>);
    const nodes = hostsOf(state.request).filter(
      (host) => idOf(host) in state.applied || state.tried.includes(idOf(host)),
    );
    const hosts = [...nodes, ...known.map(({ host }) => host)];
    if (hosts.length === 0) return;
    const program = leaveProgram(state.cluster, state.identity);
    const { ownKeyFile } = requestOf(state.request);
    const { stay } = await reaching(ownKeyFile, undefined, (reach) =>
      leaveNodes(hosts, program, reach),
    );
    if (Object.keys(stay).length > 0) {
      say(`these machines still have what made them nodes of the cluster:${each(stay)}`);
    }
  },
};
