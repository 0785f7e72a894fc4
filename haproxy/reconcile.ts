import { type Clock, NotWithin, until } from "../lib/wait";
import { NodeLost } from "./node";
import {
  addCommands,
  clearCommands,
  drainCommands,
  generationCommand,
  isEmpty,
  type NodePlan,
  plan,
  sessionsLeft,
  unproven,
} from "./plan";
import type { Request } from "./request";
import type { Observed } from "./state";

/** Time between two looks at the runtime socket, s. */
const POLL_SECONDS = 0.5;
/** Longest wait for HAProxy's own first health check to succeed: two intervals and spare, s. */
const CHECK_SECONDS = 10;
/** Every how many looks the sessions that a drain waits for are told. */
const TELL_LOOKS = 20;

/** One HAProxy node as the reconciler works with it. What it throws as NodeLost is no reason to stop. */
export interface Node {
  readonly name: string;
  observe(backends: string[]): Promise<Observed>;
  apply(commands: string[]): Promise<string>;
  probe(perHost: string[][], seconds: number): Promise<string[]>;
}

/**
 * Makes the web backends of all HAProxy nodes hold the wanted web nodes, no more and no fewer.
 *
 * It ends well when every reachable HAProxy node is as wanted; then, and only then, may a machine that is
 * not wanted be stopped. Nothing is remembered between runs: what is there is observed, and what is
 * missing is done, so the same command mends an interrupted run.
 *
 * No request fails on the way:
 * - A node comes into rotation after its health checks were seen to succeed from each HAProxy node.
 * - A node that leaves is drained first. Requests that run are finished. Keep-alive connections are
 *   between client and HAProxy; only their next request goes to another node. Clients with a SERVERID
 *   cookie are moved too: the configuration ignores the cookie of a draining server, since a shared
 *   session store makes every node as good. WebSockets stay open until they end or the deadline; then
 *   they are closed, and clients connect again to another node.
 */
export class Reconciler {
  private readonly backends: string[];
  private generation = 0;

  constructor(
    private readonly request: Omit<Request, "nodes" | "ssh">,
    private nodes: Node[],
    private readonly say: (line: string) => void,
    /** Default: the real one. */
    private readonly clock?: Clock,
  ) {
    this.backends = request.services.map((s) => s.name);
  }

  async run(): Promise<string> {
    const plans = await this.planNow();
    if (isEmpty(plans)) this.say("nothing to do");
    else {
      await this.add(plans);
      await this.remove(plans);
      const rest = await this.planNow();
      if (!isEmpty(rest)) throw new Error(`not as wanted in the end: ${describe(rest)}`);
    }
    const members = this.request.wanted.map((m) => `${m.name} ${m.address}`).join(", ") || "nobody";
    return `${members} in ${this.backends.join(", ")} of ${this.nodes.map((n) => n.name).join(", ")}`;
  }

  private async planNow(): Promise<Map<string, NodePlan>> {
    const { wanted, services } = this.request;
    const observed = await this.observe();
    for (const { generation } of observed.values()) {
      this.generation = Math.max(this.generation, generation);
    }
    return plan(wanted, services, observed);
  }

  private async observe(): Promise<Map<string, Observed>> {
    const seen = new Map<string, Observed>();
    await this.each(async (node) => {
      seen.set(node.name, await node.observe(this.backends));
    });
    return seen;
  }

  /** Does something on all nodes at once; a node that is lost on the way is left out from then on. */
  private async each(action: (node: Node) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(this.nodes.map((n) => action(n)));
    const lost = new Set<Node>();
    results.forEach((result, i) => {
      if (result.status === "fulfilled") return;
      const node = this.nodes[i];
      if (!node || !(result.reason instanceof NodeLost)) throw result.reason;
      lost.add(node);
      this.say(
        `${result.reason.message}; going on without it, it takes the membership over when it starts`,
      );
    });
    this.nodes = this.nodes.filter((n) => !lost.has(n));
    if (this.nodes.length === 0)
      throw new Error("no HAProxy node can be reached: nothing more is changed");
  }

  /** Applies commands and marks the moment, on all nodes alike. */
  private async apply(commands: (node: string) => string[]): Promise<void> {
    // Never the same twice and never backwards, whatever the clocks say.
    this.generation = Math.max(this.generation + 1, Math.floor(Date.now() / 1000));
    await this.each(async (node) => {
      await node.apply([...commands(node.name), generationCommand(this.generation)]);
    });
  }

  private async add(plans: Map<string, NodePlan>): Promise<void> {
    const additions = (node: string) => plans.get(node)?.additions ?? [];
    if ([...plans.values()].every((p) => p.additions.length === 0)) return;
    await this.each(async (node) => {
      const all = additions(node.name);
      const hosts = [...new Set(all.map((a) => a.address))];
      if (hosts.length === 0) return;
      this.say(`${node.name}: waiting for ${this.names(hosts)} to be healthy`);
      const urls = hosts.map((host) =>
        all
          .filter((a) => a.address === host)
          .map((a) => `http://${a.address}:${a.port}${a.healthPath}`),
      );
      const sick = await node.probe(urls, this.request.readySeconds);
      if (sick.length > 0) {
        throw new Error(
          `not healthy within ${this.request.readySeconds} s, seen from ${node.name}: ${sick.join(", ")}`,
        );
      }
    });
    await this.apply((node) => additions(node).flatMap(addCommands));
    let open: string[] = [];
    await this.until(
      () => `HAProxy's own checks succeed: ${[...new Set(open)].join(", ")}`,
      CHECK_SECONDS * this.request.patience,
      (observed) => {
        open = [...observed].flatMap(([node, o]) =>
          unproven(additions(node), o).map((a) => `${this.names([a.address])} on ${node}`),
        );
        return open.length === 0;
      },
    );
    const all = new Set([...plans.values()].flatMap((p) => p.additions.map((a) => a.address)));
    this.say(`in rotation: ${this.names(all)}`);
  }

  private async remove(plans: Map<string, NodePlan>): Promise<void> {
    const removals = (node: string) => plans.get(node)?.removals ?? [];
    const all = new Set([...plans.values()].flatMap((p) => p.removals.map((r) => r.address)));
    if (all.size === 0) return;
    this.say(`draining ${this.names(all)}, at most ${this.request.drainSeconds} s`);
    await this.apply((node) => removals(node).flatMap(drainCommands));
    // Two looks in a row: a request may be on its way to the server in the moment of the first.
    let quiet = 0;
    let left = 0;
    let looks = 0;
    await this.until("", this.request.drainSeconds, (observed) => {
      left = [...observed].reduce((n, [node, o]) => n + sessionsLeft(removals(node), o), 0);
      quiet = left === 0 ? quiet + 1 : 0;
      if (left > 0 && looks++ % TELL_LOOKS === 0) this.say(`${left} sessions left`);
      return quiet === 2;
    }).catch((error: unknown) => {
      if (!(error instanceof NotWithin)) throw error;
      this.say(`${left} sessions did not end and are closed now`);
    });
    await this.apply((node) => removals(node).flatMap(clearCommands));
    this.say(`out: ${this.names(all)}`);
  }

  /** Looks at all nodes until what is seen is enough. */
  private until(
    what: string | (() => string),
    seconds: number,
    enough: (observed: Map<string, Observed>) => boolean,
  ): Promise<true> {
    const look = async () => enough(await this.observe()) || undefined;
    return until(what, seconds, look, POLL_SECONDS, this.clock);
  }

  /** Addresses, with the names of those that are known by name. */
  private names(addresses: Iterable<string>): string {
    const known = new Map(this.request.wanted.map((m) => [m.address, m.name]));
    return [...addresses].map((a) => known.get(a) ?? a).join(", ");
  }
}

const describe = (plans: Map<string, NodePlan>): string =>
  [...plans]
    .flatMap(([node, p]) => [
      ...p.additions.map((a) => `${node} lacks ${a.address} in ${a.backend}`),
      ...p.removals.map((r) => `${node} still has ${r.address} in ${r.backend}`),
    ])
    .join("; ");
