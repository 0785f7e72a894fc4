import { type Progress, step } from "../../lib/progress";
import type { SiteOutputs } from "../../plan/outputs";
import { patient, type Remote } from "../../rollout/roll";
import { describe, type GaleraNode, parseNode, PROBE, READ_POSITION, WHY } from "./node";
import { decideRecovery, type Recovery } from "./recovery";

/** Longest time for MariaDB to stop: its unit's TimeoutStopSec (60 s) and spare, s. */
const STOP_SECONDS = 90;
/** Longest time for InnoDB to work off its log and say where it is: the unit's TimeoutStartSec, s. */
const MEASURE_SECONDS = 300;
/** Longest time for a node to join, with a full copy of the data, s. */
const JOIN_SECONDS = 1800;
/** Longest time for a node that runs to be synced, s. */
const SYNC_SECONDS = { first: 60, others: 120 };
/** Exit code of GUARDED_STOP: the node serves, or may do so. */
const SERVES = 9;

/**
 * Never stops a node that serves. One that does not answer yet looks for others, for 30 s, and hears nothing else: it is
 * killed, which costs nothing, since its data is as the crash left it. `reset-failed`: the unit may have given up.
 */
export const GUARDED_STOP = `
status=$(timeout 5 mariadb -BN --connect-timeout=2 -e "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS
  WHERE VARIABLE_NAME = 'wsrep_cluster_status'" 2>/dev/null)
if [ "$status" = Primary ]; then exit ${SERVES}; fi
if [ -z "$status" ]; then
  if systemctl --quiet is-active mariadb; then exit ${SERVES}; fi
  systemctl kill --signal=KILL mariadb 2>/dev/null
fi
systemctl stop mariadb; systemctl reset-failed mariadb 2>/dev/null; true`;

/** MariaDB looks for the others again, as it did before GUARDED_STOP. */
export const LET_GO = "systemctl start --no-block mariadb";

/** Shell text that fails with MariaDB's own reason where these commands fail, of which each needs the one before. */
const orWhy = (...commands: string[]) => `
said=$({ ${commands.join(" && ")}; } 2>&1) && exit
why=$(${WHY})
echo "\${why:-$said}" >&2
exit 1`;

/**
 * Galera asks for its mark before it begins; what it had saved of its last view must not hold it up. Without
 * grastate.dat it begins a new history.
 */
const bootstrap = (newHistory: boolean, syncSeconds: number) =>
  orWhy(
    "cd /var/lib/mysql",
    `rm -f gvwstate.dat${newHistory ? " grastate.dat" : ""}`,
    "{ [ ! -e grastate.dat ] || sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' grastate.dat; }",
    "galera_new_cluster",
    "systemctl start galera-check",
    `galera-check wait ${syncSeconds}`,
  );

const join = (syncSeconds: number) =>
  orWhy("systemctl start mariadb galera-check", `galera-check wait ${syncSeconds}`);

/** What the recovery works with. */
export interface GaleraSite {
  outputs: Pick<SiteOutputs, "failoverPatience">;
  machines: Remote;
  progress: Progress;
}

/** Brings the set's primary component back after a crash of all nodes. */
export class GaleraRecovery {
  private readonly names: string[];
  private signal?: AbortSignal;

  /**
   * @param lost nodes that the operator says will not come back
   * @throws Error when one of them is none of the set
   */
  constructor(
    private readonly site: GaleraSite,
    private readonly lost: string[],
  ) {
    this.names = site.machines.names("galera");
    for (const name of lost) {
      if (this.names.includes(name)) continue;
      throw new Error(`--lost ${name}: allowed is ${this.names.join(", ")}`);
    }
  }

  /**
   * @param signal when aborted nothing more is begun. Default: never
   * @returns exit code: 1 when it was refused, or a node that is not lost stays outside
   * @throws Error when a step fails; the same again goes on
   */
  async run(signal?: AbortSignal): Promise<number> {
    this.signal = signal;
    const { progress } = this.site;
    const nodes = await step("Asking the nodes", progress, () => this.look());
    for (const node of nodes) progress(`  ${this.tell(node)}`);
    let decision = decideRecovery(nodes, this.lost);
    let changed = "nothing was changed";
    if (decision.action === "measure" || decision.action === "bootstrap") {
      decision = await this.prove(nodes.filter((n) => n.reachable).map((n) => n.name));
      changed = "MariaDB looks for the others again, as before";
    }
    signal?.throwIfAborted();
    switch (decision.action) {
      case "bootstrap":
        return this.bootstrap(decision);
      case "rejoin":
        return this.join(decision.start);
      case "refuse":
        progress(`Refused, and ${changed}:`);
        for (const reason of decision.reasons) progress(`  - ${reason}`);
        return 1;
      case "measure":
        throw new Error("the positions could not be read");
    }
  }

  /**
   * Stops MariaDB on all nodes and decides by what their data says. Where that does not end in a bootstrap, they try on
   * as before.
   * @throws Error when a node could not be stopped, and nothing else says why
   */
  private async prove(nodes: string[]): Promise<Recovery> {
    const { machines, progress } = this.site;
    const stopped = await step(`Stopping what has no primary component`, progress, () =>
      Promise.allSettled(nodes.map((n) => machines.run(n, GUARDED_STOP, STOP_SECONDS))),
    );
    const failed = stopped.flatMap((s) => (s.status === "rejected" ? [s.reason as Error] : []));
    if (failed.length === 0) {
      const decision = await this.measure();
      if (decision.action !== "bootstrap") await this.letGo(nodes);
      return decision;
    }
    // One of them serves, or is away by now: another look says which, and what follows. Nothing is bootstrapped.
    const decision = decideRecovery(await this.look(), this.lost);
    await this.letGo(nodes);
    if (decision.action === "measure" || decision.action === "bootstrap") {
      throw new Error(failed.map((e) => e.message).join("; "));
    }
    return decision;
  }

  private async measure(): Promise<Recovery> {
    const { progress } = this.site;
    const proven = await step("Reading the positions from the data", progress, () =>
      this.look(true),
    );
    for (const node of proven) progress(`  ${this.tell(node)}`);
    return decideRecovery(proven, this.lost);
  }

  private async letGo(nodes: string[]): Promise<void> {
    await Promise.all(nodes.map((n) => this.site.machines.ask(n, LET_GO)));
  }

  private look(recovered = false): Promise<GaleraNode[]> {
    const { machines } = this.site;
    return Promise.all(
      this.names.map(async (name) => {
        const text = await machines.ask(name, PROBE, 15);
        const node = parseNode(name, text);
        const { position } = node;
        const unknown =
          typeof position === "object" && "seqno" in position && position.seqno === undefined;
        if (!recovered || !unknown) return node;
        const said = await machines.ask(name, READ_POSITION, MEASURE_SECONDS);
        return parseNode(name, text, said ?? "");
      }),
    );
  }

  private async bootstrap(plan: Recovery & { action: "bootstrap" }): Promise<number> {
    const { machines, progress } = this.site;
    const { node, seqno, others, newHistory } = plan;
    const sync = patient(this.site, SYNC_SECONDS.first);
    const what = `Bootstrapping ${node}, the most advanced (transaction ${seqno})`;
    await step(what, progress, () =>
      machines.run(node, bootstrap(newHistory, sync), MEASURE_SECONDS + sync),
    );
    return this.join(others);
  }

  /** One after the other: a full copy holds up its donor, and the next may have it from the one before. */
  private async join(nodes: string[]): Promise<number> {
    const { machines, progress } = this.site;
    const sync = patient(this.site, SYNC_SECONDS.others);
    for (const node of nodes) {
      this.signal?.throwIfAborted();
      await step(`Joining ${node}`, progress, () =>
        machines.run(node, join(sync), JOIN_SECONDS + sync),
      );
    }
    const now = await this.look();
    const serving = now.filter((n) => n.primary).map((n) => n.name);
    progress(`Serving: ${serving.join(", ")}.`);
    const outside = now.filter((n) => !n.primary);
    for (const { name, reachable } of outside) {
      const why = reachable ? await machines.ask(name, WHY) : undefined;
      progress(
        reachable
          ? `  ${name} is not in it: ${why?.trim() || "`journalctl -u mariadb` there says why"}`
          : `  ${name} does not answer: \`pulumi refresh && pulumi up\` makes it anew`,
      );
      if (!this.lost.includes(name)) continue;
      progress(`  (${name} takes a full copy then; what only it had is given up)`);
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
