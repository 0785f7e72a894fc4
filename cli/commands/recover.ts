import { step } from "../../lib/progress";
import type { Context } from "../command";
import {
  decideRecovery,
  describe,
  type GaleraNode,
  parseNode,
  PROBE,
  READ_POSITION,
  type Recovery,
} from "../galeraRecovery";
import { Machines } from "../../lib/machines";

/** Longest time for MariaDB to stop: its unit's TimeoutStopSec (60 s) and spare, s. */
const STOP_SECONDS = 90;
/** Longest time for InnoDB to work off its log and say where it is: the unit's TimeoutStartSec, s. */
const MEASURE_SECONDS = 300;
/** Longest time for a node to join, with a full copy of the data, s. */
const JOIN_SECONDS = 1800;
/** Exit code of GUARDED_STOP: the node serves, or may do so. */
const SERVES = 9;

/**
 * Never stops a node that serves. One that does not answer yet looks for others, for 30 s, and hears nothing else: it is
 * killed, which costs nothing, since its data is as the crash left it. `reset-failed`: the unit may have given up.
 */
const GUARDED_STOP = `
status=$(timeout 5 mariadb -BN --connect-timeout=2 -e "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
  WHERE VARIABLE_NAME = 'wsrep_cluster_status'" 2>/dev/null)
if [ "$status" = Primary ]; then exit ${SERVES}; fi
if [ -z "$status" ]; then
  if systemctl --quiet is-active mariadb; then exit ${SERVES}; fi
  systemctl kill --signal=KILL mariadb 2>/dev/null
fi
systemctl stop mariadb; systemctl reset-failed mariadb 2>/dev/null; true`;

/**
 * Galera asks for its mark before it begins; what it had saved of its last view must not hold it up. Without
 * grastate.dat it begins a new history.
 */
const bootstrap = (newHistory: boolean) => `
set -e
cd /var/lib/mysql
rm -f gvwstate.dat${newHistory ? " grastate.dat" : ""}
if [ -e grastate.dat ]; then sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' grastate.dat; fi
galera_new_cluster
systemctl start galera-check
galera-check wait 60`;

const JOIN = `systemctl start mariadb galera-check && galera-check wait 120`;

/** `npx hpc recover galera [--lost NODE]…`: the set's primary component back after a crash of all nodes. */
export async function recover(context: Context): Promise<number> {
  const [tier] = context.args;
  if (tier !== "galera") {
    throw new Error(
      `recover ${tier ?? ""}: allowed is galera; the other tiers recover by themselves`,
    );
  }
  const machines = new Machines(context.outputs);
  const names = machines.names("galera");
  const lost = context.flags["lost"] ?? [];
  for (const name of lost) {
    if (!names.includes(name)) throw new Error(`--lost ${name}: allowed is ${names.join(", ")}`);
  }
  return new GaleraRecovery(machines, names, lost, context.progress).run();
}

class GaleraRecovery {
  constructor(
    private readonly machines: Machines,
    private readonly names: string[],
    private readonly lost: string[],
    private readonly progress: Context["progress"],
  ) {}

  async run(): Promise<number> {
    const nodes = await step("Asking the nodes", this.progress, () => this.look());
    for (const node of nodes) this.progress(`  ${this.tell(node)}`);
    let decision = decideRecovery(nodes, this.lost);
    let changed = "nothing was changed";
    if (decision.action === "measure" || decision.action === "bootstrap") {
      decision = await this.prove(nodes.filter((n) => n.reachable).map((n) => n.name));
      changed = "MariaDB looks for the others again, as before";
    }
    switch (decision.action) {
      case "bootstrap":
        return this.bootstrap(decision);
      case "rejoin":
        return this.join(decision.start);
      case "refuse":
        this.progress(`Refused, and ${changed}:`);
        for (const reason of decision.reasons) this.progress(`  - ${reason}`);
        return 1;
      case "measure":
        throw new Error("the positions could not be read");
    }
  }

  /** Stops MariaDB on all nodes and decides by what their data says. Where that refuses, they try on as before. */
  private async prove(nodes: string[]): Promise<Recovery> {
    const stopped = await step(`Stopping what has no primary component`, this.progress, () =>
      Promise.allSettled(nodes.map((n) => this.machines.run(n, GUARDED_STOP, STOP_SECONDS))),
    );
    const failed = stopped.flatMap((s) => (s.status === "rejected" ? [s.reason as Error] : []));
    const decide = async () => {
      if (failed.length > 0) return decideRecovery(await this.look(), this.lost);
      const proven = await step("Reading the positions from the data", this.progress, () =>
        this.look(true),
      );
      for (const node of proven) this.progress(`  ${this.tell(node)}`);
      return decideRecovery(proven, this.lost);
    };
    const decision = await decide();
    if (decision.action !== "bootstrap") await this.letGo(nodes);
    if (decision.action === "measure" || decision.action === "bootstrap") {
      if (failed.length > 0) throw new Error(failed.map((e) => e.message).join("; "));
    }
    return decision;
  }

  private async letGo(nodes: string[]): Promise<void> {
    const start = "systemctl start --no-block mariadb";
    await Promise.all(nodes.map((n) => this.machines.ask(n, start)));
  }

  private look(recovered = false): Promise<GaleraNode[]> {
    return Promise.all(
      this.names.map(async (name) => {
        const text = await this.machines.ask(name, PROBE, 15);
        const node = parseNode(name, text);
        const { position } = node;
        const unknown =
          typeof position === "object" && "seqno" in position && position.seqno === undefined;
        if (!recovered || !unknown) return node;
        const said = await this.machines.ask(name, READ_POSITION, MEASURE_SECONDS);
        return parseNode(name, text, said ?? "");
      }),
    );
  }

  private async bootstrap(plan: Recovery & { action: "bootstrap" }): Promise<number> {
    const { node, seqno, others, newHistory } = plan;
    await step(
      `Bootstrapping ${node}, the most advanced (transaction ${seqno})`,
      this.progress,
      () => this.machines.run(node, bootstrap(newHistory), MEASURE_SECONDS),
    );
    return this.join(others);
  }

  /** One after the other: a full copy holds up its donor, and the next may have it from the one before. */
  private async join(nodes: string[]): Promise<number> {
    for (const node of nodes) {
      await step(`Joining ${node}`, this.progress, () =>
        this.machines.run(node, JOIN, JOIN_SECONDS),
      );
    }
    const now = await this.look();
    const serving = now.filter((n) => n.primary).map((n) => n.name);
    this.progress(`Serving: ${serving.join(", ")}.`);
    const outside = now.filter((n) => !n.primary);
    for (const { name, reachable } of outside) {
      const lost = this.lost.includes(name);
      if (reachable)
        this.progress(`  ${name} is not in it: \`journalctl -u mariadb\` there says why`);
      else
        this.progress(`  ${name} does not answer: \`pulumi refresh && pulumi up\` makes it anew`);
      if (lost) this.progress(`  (${name} takes a full copy then; what only it had is given up)`);
    }
    return outside.some((n) => !this.lost.includes(n.name)) ? 1 : 0;
  }

  private tell(node: GaleraNode): string {
    if (!node.reachable) {
      return `${node.name} does not answer${this.lost.includes(node.name) ? ", given up as lost" : ""}`;
    }
    const part = node.primary ? "serves, " : node.running ? "has no primary component, " : "";
    return part + describe(node);
  }
}
