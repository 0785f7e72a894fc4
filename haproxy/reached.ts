import type { Check, Sick } from "./check";
import { NodeLost } from "./node";
import { generationCommand } from "./plan";
import type { Observed } from "./state";

/** One HAProxy node as the reconciler works with it. What it throws as NodeLost is no reason to stop. */
export interface Node {
  readonly name: string;
  observe(backends: string[]): Promise<Observed>;
  apply(commands: string[]): Promise<string>;
  /** Makes checks from this node until they succeed; those that did not in time. */
  probe(checks: Check[], seconds: number): Promise<Sick[]>;
  /** Whether it has an address. */
  holds(address: string): Promise<boolean>;
}

/** The HAProxy nodes that can be reached; one that is lost is left out from then on. */
export class Reached {
  /** Why, with its name, by node. */
  private readonly lost = new Map<Node, string>();
  private generation = 0;

  constructor(
    private readonly all: Node[],
    private readonly backends: string[],
    private readonly say: (line: string) => void,
  ) {}

  /** For people. */
  get names(): string {
    return this.nodes.map((n) => n.name).join(", ");
  }

  private get nodes(): Node[] {
    return this.all.filter((n) => !this.lost.has(n));
  }

  /**
   * Does something on all nodes at once.
   * @throws Error when none is left
   */
  async each(action: (node: Node) => Promise<void>): Promise<void> {
    const nodes = this.nodes;
    const results = await Promise.allSettled(nodes.map((n) => action(n)));
    results.forEach((result, i) => {
      if (result.status === "fulfilled") return;
      const node = nodes[i];
      if (!node || !(result.reason instanceof NodeLost)) throw result.reason;
      this.lost.set(node, result.reason.message);
      this.say(
        `${result.reason.message}; going on without it, it takes the membership over when it starts`,
      );
    });
    if (this.nodes.length === 0)
      throw new Error("no HAProxy node can be reached: nothing more is changed");
  }

  async observe(): Promise<Map<string, Observed>> {
    const seen = new Map<string, Observed>();
    await this.each(async (node) => {
      const observed = await node.observe(this.backends);
      seen.set(node.name, observed);
      this.generation = Math.max(this.generation, observed.generation);
    });
    return seen;
  }

  /** Applies commands and marks the moment, on all nodes alike. */
  async apply(commands: (node: string) => string[]): Promise<void> {
    // Never the same twice and never backwards, whatever the clocks say.
    this.generation = Math.max(this.generation + 1, Math.floor(Date.now() / 1000));
    await this.each(async (node) => {
      await node.apply([...commands(node.name), generationCommand(this.generation)]);
    });
  }

  /**
   * Whether a lost node may have users on it. It has none when a reached one holds the web VIP: nobody comes to the other
   * then. That is taken for proof also where both hold it since neither hears the other: users are on their side of the
   * cut between them, and whoever changes the site reaches just the one of them.
   * @returns why it may; nothing when it may not, or none is lost
   */
  async mayServe(webVip: string): Promise<string[]> {
    if (this.lost.size === 0) return [];
    let held = false;
    await this.each(async (node) => {
      if (await node.holds(webVip)) held = true;
    });
    if (held) return [];
    const lost = [...this.lost.values()].join(", ");
    return [
      `${lost}; it may serve users, since the web VIP ${webVip} is not on ${this.names}: no web node may be stopped`,
    ];
  }
}
