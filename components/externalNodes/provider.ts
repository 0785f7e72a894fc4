import { digest } from "../../lib/hash";
import type { Seat } from "../../rollout/lock";
import { askCluster, type ClusterFacts, foreignNodes, optionOf } from "../controllers/nodeKit";
import { interrupted } from "../interrupt";
import { perMachineProvider, type Task, toChange, untouched } from "../perMachine";
import { ask, begunInTurn, once, siteLock } from "../providerProcess";
import type { ReachedHost } from "../slurm/nodeSsh";
import { forAll, idOf, type Joined, joinNodes, leaveNodes, readCheck } from "./nodes";
import {
  type Inputs,
  type Leaving,
  LEAVING_DAYS,
  leavingOf,
  planOf,
  reachedBy,
  type Request,
  type State,
  touchedHosts,
} from "./plan";
import { joinProgram, leaveProgram } from "./programs";
import { reaching } from "./reach";

/** As what a change of them is begun. */
const WORK = "externalNodes";

const NOTHING: State = {
  applied: {},
  tried: [],
  drift: {},
  cluster: "",
  identity: "",
  leaving: "{}",
  request: "",
  controllers: [],
};

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

async function task(state: State, news: Inputs): Promise<Task<State>> {
  const todo = await toChange(WORK, state, news);
  const { join, leave } = planOf(state, news, Date.now(), todo);
  const next: State = {
    ...state,
    ...untouched(state, news, todo),
    tried: state.tried.filter((id) => id in news.wanted),
    leaving: JSON.stringify(leave),
    request: news.request,
    controllers: news.controllers,
  };
  if (join.length + Object.keys(leave).length === 0) return { next };
  return { next, work: () => carryOut(next, news, join, leave) };
}

async function carryOut(
  next: State,
  news: Inputs,
  join: ReachedHost[],
  leave: Record<string, Leaving>,
): Promise<void> {
  const { told, ownKeyFile } = JSON.parse(news.request) as Request;
  const lock = await siteLock(news.seats);
  const { signal } = lock;
  const controllers = askingFor(news.controllers);
  const facts = await controllers.cluster();
  const made = Object.keys(told.site.addresses["compute"] ?? {});
  await reaching(ownKeyFile, signal, async (reach) => {
    // First: one that has got another address leaves by the old one before it joins by the new.
    const program = leaveProgram(next.cluster, next.identity);
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
    const joined = await begunInTurn(lock, WORK, () =>
      joinNodes({
        ...{ hosts: join, program: joinProgram(facts, told), reach, ask: controllers.any },
        ...{ progress: say, signal, interrupted: interrupted() },
      }),
    );
    note(next, joined, join, news.wanted);
  });
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

/** Looks at machines that are nodes. */
async function findDrift(state: State): Promise<State["drift"]> {
  const { hosts: all, ownKeyFile } = reachedBy(state.request);
  const hosts = all.filter((host) => idOf(host) in state.applied);
  const drift: State["drift"] = {};
  if (hosts.length === 0) return drift;
  // Without an answer nobody knows what they are to be.
  const facts = await askingFor(state.controllers)
    .cluster()
    .catch(() => undefined);
  if (facts === undefined) return drift;
  const program = joinProgram(facts, (JSON.parse(state.request) as Request).told);
  await reaching(ownKeyFile, undefined, (reach) =>
    forAll(hosts, async (host) => {
      const said = await reach(host, program(host), ["check"], 60);
      // One that does not answer is its owner's to bring back.
      if (said.kind !== "done") return;
      const { fresh, changes } = readCheck(said.lines);
      const found = fresh ? ["it is no node any more"] : changes;
      if (found.length > 0) drift[idOf(host)] = found;
    }),
  );
  return drift;
}

export const externalNodesProvider = {
  ...perMachineProvider<Inputs, State>({
    nothing: NOTHING,
    async changes(state, news) {
      const todo = await toChange(WORK, state, news);
      const { join, leave, handedOver } = planOf(state, news, Date.now(), todo);
      const going = Object.keys(leave);
      const words = [
        ...join.map((host) => [host.name, ...(state.drift[idOf(host)] ?? [])].join(": ")),
        ...going.map((id) => `${id} leaves`),
        ...handedOver.map((id) => `${id} is its owner's again, and stays as it is`),
      ];
      if (words.length > 0) {
        await once(`nodes ${words.join()}`, () =>
          say(`nodes of the owner's: to be changed: ${words.join("; ")}`),
        );
      }
      // How they are reached is kept for the day on which they leave.
      const reached = (request: string) => digest(reachedBy(request).hosts);
      return join.length + going.length > 0 || reached(state.request) !== reached(news.request);
    },
    task,
    findDrift,
  }),

  /** With the site they are no nodes any more. Who is away keeps nobody from that. */
  async delete(_id: string, props: State): Promise<void> {
    const state = { ...NOTHING, ...props };
    const hosts = [
      ...touchedHosts(state),
      ...Object.values(leavingOf(state)).map(({ host }) => host),
    ];
    if (hosts.length === 0) return;
    const program = leaveProgram(state.cluster, state.identity);
    const { ownKeyFile } = reachedBy(state.request);
    const { stay } = await reaching(ownKeyFile, undefined, (reach) =>
      leaveNodes(hosts, program, reach),
    );
    if (Object.keys(stay).length > 0) {
      say(`these machines still have what made them nodes of the cluster:${each(stay)}`);
    }
  },
};
