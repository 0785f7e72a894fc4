import { beforeEach, describe, expect, it } from "vitest";
import { PROBE, READ_POSITION, WHY } from "../../components/galera/node";
import { GaleraRecovery, GUARDED_STOP, LET_GO } from "../../components/galera/recover";
import { RemoteFailure } from "../../lib/machines";

const UUID = "4a10c321-e7e6-11f1-96f5-eb7d5080d395";
const OTHER = "4bc87e1b-e7e6-11f1-bc65-57b6c444c336";
const NAMES = ["galera1", "galera2", "galera3"];

/** One node after a crash of all; tests change what they are about. */
interface Node {
  reachable: boolean;
  mariadb: "looking" | "stopped" | "serving";
  /** Last transaction in its data; undefined: galera_recovery finds none. */
  seqno: number | undefined;
  uuid: string;
  /** The same in grastate.dat; -1: it did not end in order. */
  saved: number;
  /** What hinders its stop. */
  stop?: () => Error;
  /** Why its MariaDB does not run. */
  why?: string;
}

/** A set of nodes in memory that understands the recovery's commands, and keeps what was done to whom. */
class GaleraSet {
  readonly done: string[] = [];
  readonly nodes: Record<string, Node> = Object.fromEntries(
    NAMES.map((name, i) => [
      name,
      { reachable: true, mariadb: "looking", seqno: 100 + i, uuid: UUID, saved: -1 },
    ]),
  );

  names = () => NAMES;

  run = (name: string, command: string): Promise<string> => {
    const node = this.node(name);
    const away = new RemoteFailure(name, undefined, "does not answer (timed out)");
    if (!node.reachable) return Promise.reject(away);
    switch (command) {
      case PROBE:
        return Promise.resolve(this.probe(node));
      case READ_POSITION:
        if (node.mariadb !== "stopped") throw new Error("MariaDB must be stopped");
        return Promise.resolve(
          node.seqno === undefined ? "" : `--wsrep_start_position=${node.uuid}:${node.seqno}\n`,
        );
      case GUARDED_STOP: {
        const failure = node.stop?.();
        if (failure) return Promise.reject(failure);
        this.done.push(`stop ${name}`);
        node.mariadb = "stopped";
        return Promise.resolve("");
      }
      case LET_GO:
        this.done.push(`let go ${name}`);
        if (node.mariadb === "stopped") node.mariadb = "looking";
        return Promise.resolve("");
      case WHY:
        return Promise.resolve(`${node.why ?? ""}\n`);
    }
    if (node.why !== undefined && command.includes(WHY)) {
      return Promise.reject(new RemoteFailure(name, 1, node.why));
    }
    this.done.push(`${command.includes("galera_new_cluster") ? "bootstrap" : "join"} ${name}`);
    node.mariadb = "serving";
    return Promise.resolve("");
  };

  ask = (name: string, command: string) => this.run(name, command).catch(() => undefined);

  node(name: string): Node {
    const node = this.nodes[name];
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  private probe({ mariadb, uuid, seqno, saved, why = "" }: Node): string {
    if (mariadb === "serving") {
      return `unit active\nwsrep_cluster_status\tPrimary\nwsrep_local_state_uuid\t${uuid}\nwsrep_last_committed\t${seqno}\n`;
    }
    const unit = mariadb === "looking" ? "activating" : "inactive";
    return `unit ${unit}\nwhy ${why}\ngrastate\nuuid: ${UUID}\nseqno: ${saved}\nsafe_to_bootstrap: 0\n`;
  }
}

let set: GaleraSet;
beforeEach(() => (set = new GaleraSet()));

const recover = async (...lost: string[]) => {
  const said: string[] = [];
  const progress = (text: string) => said.push(text);
  const site = { outputs: { failoverPatience: 1 }, machines: set, progress };
  const code = await new GaleraRecovery(site, lost).run();
  return { code, said: said.join("\n") };
};
const looking = () => NAMES.filter((n) => set.node(n).mariadb === "looking");

describe("GaleraRecovery", () => {
  it("bootstraps the most advanced node and joins the others, one after the other", async () => {
    expect((await recover()).code).toBe(0);
    expect(set.done.slice(3)).toEqual(["bootstrap galera3", "join galera1", "join galera2"]);
  });

  it("refuses before it stops anything while a node is away", async () => {
    set.node("galera2").reachable = false;
    const { code, said } = await recover();
    expect(code).toBe(1);
    expect(said).toContain("Refused, and nothing was changed");
    expect(set.done).toEqual([]);
  });

  it("refuses after it has measured: MariaDB looks for the others again everywhere", async () => {
    set.node("galera2").uuid = OTHER;
    const { code, said } = await recover();
    expect(code).toBe(1);
    expect(said).toContain("Refused, and MariaDB looks for the others again, as before");
    expect(said).toContain(`grastate.dat is of ${UUID}, the data of ${OTHER}`);
    expect(set.done.join()).not.toMatch(/bootstrap|join/);
    expect(looking()).toEqual(NAMES);
  });

  it("a node that cannot be stopped: nothing is bootstrapped, the others look on", async () => {
    set.node("galera2").stop = () => new RemoteFailure("galera2", 1, "systemctl: it hangs");
    await expect(recover()).rejects.toThrow("galera2: systemctl: it hangs");
    expect(set.done.join()).not.toMatch(/bootstrap|join/);
    expect(looking()).toEqual(NAMES);
  });

  it("a node that cannot be stopped, when all positions are known: the same", async () => {
    for (const name of NAMES) set.node(name).saved = 7;
    set.node("galera2").stop = () => new RemoteFailure("galera2", 1, "systemctl: it hangs");
    await expect(recover()).rejects.toThrow("galera2: systemctl: it hangs");
    expect(set.done.join()).not.toMatch(/bootstrap|join/);
    expect(looking()).toEqual(NAMES);
  });

  it("a node that is away when it is to be stopped: refused, the others look on", async () => {
    const node = set.node("galera2");
    node.stop = () => {
      node.reachable = false;
      return new RemoteFailure("galera2", undefined, "does not answer (timed out)");
    };
    const { code, said } = await recover();
    expect(code).toBe(1);
    expect(said).toContain("galera2 does not answer, and may have what the others have not");
    expect(set.done.filter((d) => d.startsWith("let go"))).toEqual([
      "let go galera1",
      "let go galera3",
    ]);
  });

  it("a node that serves by then is never stopped: the others join it", async () => {
    const node = set.node("galera1");
    node.stop = () => {
      node.mariadb = "serving";
      return new RemoteFailure("galera1", 9, "failed (9)");
    };
    expect((await recover()).code).toBe(0);
    expect(set.done.join()).not.toMatch(/bootstrap|stop galera1/);
    expect(set.done.slice(-2)).toEqual(["join galera2", "join galera3"]);
  });

  it("a node whose settings MariaDB refuses: nothing is stopped, its own words are said", async () => {
    const why = "/etc/mysql/mariadb.conf.d/99-site.cnf:3: unknown variable 'x'";
    set.node("galera2").why = why;
    const { code, said } = await recover();
    expect(code).toBe(1);
    expect(said).toContain(`galera2: MariaDB does not start with its settings, ${why}`);
    expect(set.done).toEqual([]);
  });

  it("a node that does not join: MariaDB's own words", async () => {
    const node = set.node("galera1");
    node.why = "WSREP: failed to open gcomm backend connection";
    await expect(recover()).rejects.toThrow(`galera1: ${node.why}`);
  });

  it("refuses what is no node, and says what is allowed", async () => {
    await expect(recover("galera9")).rejects.toThrow(
      "--lost galera9: allowed is galera1, galera2, galera3",
    );
  });
});
