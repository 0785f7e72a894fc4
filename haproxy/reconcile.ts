import { type Clock, NotWithin, until } from "../lib/wait";
import { type Check, checkOf, type Sick } from "./check";
import {
  addCommands,
  type Addition,
  clearCommands,
  drainCommands,
  isEmpty,
  type NodePlan,
  plan,
  sessionsLeft,
  unproven,
} from "./plan";
import { type Node, Reached } from "./reached";
import type { Request } from "./request";
import { EMPTY, type Observed } from "./state";

/** Time between two looks at the runtime socket, s. */
const POLL_SECONDS = 0.5;
/** Longest wait for HAProxy's own first health check to succeed: two intervals and spare, s. */
const CHECK_SECONDS = 10;
/** Every how many looks the sessions that a drain waits for are told. */
const TELL_LOOKS = 20;

/**
 * Makes the web backends of all HAProxy nodes hold the wanted web nodes, no more and no fewer.
 *
 * It ends well when every HAProxy node that may serve users is as wanted; then, and only then, may a machine that is
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
 *
 * A wanted node that is sick, or whose configuration failed, keeps nobody out: all others come in, and the run fails in
 * the end and names it. Nor does it keep those in that leave: when they are drained, every wanted node that is well
 * serves already, and where none of these is up they stay. So never fewer serve than are wanted and well, and never
 * nobody.
 *
 * A HAProxy node that cannot be reached keeps nobody out either; but whoever leaves stays, and the run fails, unless it
 * is proven that nobody is on that node. It takes the membership over when it starts.
 */
export class Reconciler {
  private readonly backends: string[];
  private readonly nodes: Reached;
  /** Why wanted web nodes are not well: by address, by what was asked. */
  private readonly sick = new Map<string, Map<string, string>>();

  constructor(
    private readonly request: Omit<Request, "nodes" | "ssh">,
    nodes: Node[],
    private readonly say: (line: string) => void,
    /** Default: the real one. */
    private readonly clock?: Clock,
  ) {
    this.backends = request.services.map((s) => s.name);
    this.nodes = new Reached(nodes, this.backends, say);
    for (const { name, address } of request.wanted) {
      const fault = request.faults[name];
      if (fault !== undefined) this.sick.set(address, new Map([["", fault]]));
    }
  }

  /**
   * @returns who is where, in words
   * @throws Error that names everything that is not as wanted
   */
  async run(): Promise<string> {
    const plans = await this.planNow();
    if (isEmpty(plans)) this.say("nothing to do");
    await this.add(plans);
    const faults = await this.remove(plans);
    const rest = isEmpty(plans) ? "" : describe(await this.planNow());
    if (faults.length === 0 && rest !== "") faults.push(`not as wanted in the end: ${rest}`);
    // Also when nothing was left to do here: a former run may have got so far, and no further.
    if (faults.length === 0) faults.push(...(await this.nodes.mayServe(this.request.webVip)));
    const sick = [...this.sick].map(
      ([address, why]) => `${this.names([address])} (${[...why.values()].join(", ")})`,
    );
    if (sick.length > 0) faults.unshift(`not well: ${sick.join("; ")}`);
    if (faults.length > 0) throw new Error(faults.join("; "));
    const members = this.request.wanted.map((m) => `${m.name} ${m.address}`).join(", ") || "nobody";
    return `${members} in ${this.backends.join(", ")} of ${this.nodes.names}`;
  }

  private async planNow(): Promise<Map<string, NodePlan>> {
    const { wanted, services } = this.request;
    return plan(wanted, services, await this.nodes.observe(), new Set(this.sick.keys()));
  }

  private async add(plans: Map<string, NodePlan>): Promise<void> {
    const planned = (node: string) => plans.get(node)?.additions ?? [];
    if ([...plans.values()].every((p) => p.additions.length === 0)) return;
    await this.nodes.each(async (node) => {
      const checks = planned(node.name).map((a) => this.check(a));
      if (checks.length === 0) return;
      this.say(
        `${node.name}: waiting for ${this.names(checks.map((c) => c.address))} to be healthy`,
      );
      for (const sick of await node.probe(checks, this.request.readySeconds)) {
        this.blame(sick, node.name);
      }
    });
    const additions = (node: string) => planned(node).filter((a) => !this.sick.has(a.address));
    const coming = new Set([...plans.keys()].flatMap(additions).map((a) => a.address));
    if (coming.size === 0) return;
    await this.nodes.apply((node) => additions(node).flatMap(addCommands));
    await this.proven(additions);
    const well = [...coming].filter((a) => !this.sick.has(a));
    if (well.length > 0) this.say(`in rotation: ${this.names(well)}`);
  }

  /** Waits for HAProxy's own checks of what was added; whom they do not find well is taken out again. */
  private async proven(additions: (node: string) => Addition[]): Promise<void> {
    const seconds = CHECK_SECONDS * this.request.patience;
    let open = new Map<string, ReturnType<typeof unproven>>();
    await this.until(seconds, (observed) => {
      open = new Map([...observed].map(([node, o]) => [node, unproven(additions(node), o)]));
      return [...open.values()].every((all) => all.length === 0);
    }).catch(async (error: unknown) => {
      if (!(error instanceof NotWithin)) throw error;
      for (const [node, all] of open) {
        for (const { address, backend, lastCheck } of all) {
          const what = `HAProxy's check of ${backend}, for ${seconds} s`;
          this.blame({ address, what, why: lastCheck || "no result" }, node);
        }
      }
      // They were never up, or not for long: nobody is on them. Left in, the next run would not look at them.
      await this.nodes.apply((node) => (open.get(node) ?? []).flatMap(clearCommands));
    });
  }

  /** The same from two HAProxy nodes is told once. */
  private blame({ address, what, why }: Sick, node: string): void {
    const known = this.sick.get(address) ?? new Map<string, string>();
    const before = known.get(what);
    known.set(
      what,
      before === undefined ? `${what}: ${why}, from ${node}` : `${before} and ${node}`,
    );
    this.sick.set(address, known);
  }

  private check({ backend, address }: Addition): Check {
    const service = this.request.services.find((s) => s.name === backend);
    if (!service) throw new Error(`no service ${backend}`);
    return checkOf(service, address, this.request);
  }

  /** Backends in which only those who leave are up. */
  private async uncovered(): Promise<string[]> {
    const stays = new Set(this.request.wanted.map((m) => m.address));
    if (stays.size === 0) return [];
    return [...(await this.nodes.observe())].flatMap(([node, { slots }]) => {
      const serving = slots.filter((s) => s.up && s.address !== EMPTY);
      const bare = this.backends.filter((backend) => {
        const up = serving.filter((s) => s.backend === backend);
        return up.length > 0 && !up.some((s) => stays.has(s.address) && s.admin === "ready");
      });
      if (bare.length === 0) return [];
      return [`only those who leave are up in ${bare.join(", ")} of ${node}: nobody is taken out`];
    });
  }

  /** @returns why nobody was taken out */
  private async remove(plans: Map<string, NodePlan>): Promise<string[]> {
    const removals = (node: string) => plans.get(node)?.removals ?? [];
    const all = new Set([...plans.values()].flatMap((p) => p.removals.map((r) => r.address)));
    if (all.size === 0) return [];
    const faults = [
      ...(await this.nodes.mayServe(this.request.webVip)),
      ...(await this.uncovered()),
    ];
    if (faults.length > 0) return faults;
    this.say(`draining ${this.names(all)}, at most ${this.request.drainSeconds} s`);
    await this.nodes.apply((node) => removals(node).flatMap(drainCommands));
    // Two looks in a row: a request may be on its way to the server in the moment of the first.
    let quiet = 0;
    let left = 0;
    let looks = 0;
    await this.until(this.request.drainSeconds, (observed) => {
      left = [...observed].reduce((n, [node, o]) => n + sessionsLeft(removals(node), o), 0);
      quiet = left === 0 ? quiet + 1 : 0;
      if (left > 0 && looks++ % TELL_LOOKS === 0) this.say(`${left} sessions left`);
      return quiet === 2;
    }).catch((error: unknown) => {
      if (!(error instanceof NotWithin)) throw error;
      this.say(`${left} sessions did not end and are closed now`);
    });
    await this.nodes.apply((node) => removals(node).flatMap(clearCommands));
    this.say(`out: ${this.names(all)}`);
    return [];
  }

  /** Looks at all nodes until what is seen is enough. */
  private until(
    seconds: number,
    enough: (observed: Map<string, Observed>) => boolean,
  ): Promise<true> {
    const look = async () => enough(await this.nodes.observe()) || undefined;
    return until("", seconds, look, POLL_SECONDS, this.clock);
  }

  /** Addresses, with the names of those that are known by name. */
  private names(addresses: Iterable<string>): string {
    const known = new Map(this.request.wanted.map((m) => [m.address, m.name]));
    return [...new Set(addresses)].map((a) => known.get(a) ?? a).join(", ");
  }
}

const describe = (plans: Map<string, NodePlan>): string =>
  [...plans]
    .flatMap(([node, p]) => [
      ...p.additions.map((a) => `${node} lacks ${a.address} in ${a.backend}`),
      ...p.removals.map((r) => `${node} still has ${r.address} in ${r.backend}`),
    ])
    .join("; ");
