import { type Check, probeScript, readProbe, type Sick } from "../../haproxy/check";
import { addCommands, drainCommands } from "../../haproxy/plan";
import { parseStats } from "../../haproxy/state";
import { until } from "../../lib/wait";
import type { Remote } from "../../rollout/roll";
import { quote } from "../look";

/** Longest time for a connection, besides what is done with it, s. */
const CONNECT_SECONDS = 10;
const ADMIN = "socat -T 15 - UNIX-CONNECT:/run/haproxy/admin.sock";

/** One server line of a HAProxy node's statistics. */
export interface Server {
  backend: string;
  server: string;
  address: string;
  port: number;
  /** Gets traffic, as far as its health goes ("UP 1/2" is up as well). */
  up: boolean;
  /** Sessions and requests that wait for it. */
  sessions: number;
}

/** Servers that are in use, from `show stat -1 4 -1`: empty slots are in maintenance. */
export const readServers = (text: string): Server[] =>
  parseStats(text).flatMap((s) =>
    s["status"]?.startsWith("MAINT")
      ? []
      : {
          backend: s["pxname"] ?? "",
          server: s["svname"] ?? "",
          address: (s["addr"] ?? "").replace(/:\d+$/, ""),
          port: Number(/\d+$/.exec(s["addr"] ?? "")?.[0]),
          up: s["status"]?.startsWith("UP") ?? false,
          sessions: Number(s["scur"]) + Number(s["qcur"]),
        },
  );

/** What came of a check, in words. @param why as Sick has it @param status what is healthy @param asker node that asked */
export const describeAnswer = (why: string, status: string | undefined, asker: string): string =>
  /^\d+$/.test(why)
    ? `answers ${why} to ${asker}, and ${status} is healthy`
    : `does not answer ${asker} (${why})`;

/** The HAProxy nodes of a site through their admin sockets. */
export class Proxies {
  readonly nodes: string[];
  constructor(
    private readonly machines: Remote,
    private readonly webVip: string,
  ) {
    this.nodes = machines.names("entry");
  }

  /** The node that holds the VIPs; undefined when nobody or more than one does. */
  async holder(): Promise<string | undefined> {
    const ask = `ip -o -4 address show to ${this.webVip}`;
    const said = await Promise.all(this.nodes.map((n) => this.machines.ask(n, ask)));
    const holders = this.nodes.filter((_, i) => said[i]?.includes(" inet "));
    return holders.length === 1 ? holders[0] : undefined;
  }

  /** @throws RemoteFailure when the node or its HAProxy does not answer */
  async servers(node: string): Promise<Server[]> {
    return readServers(await this.admin(node, ["show stat -1 4 -1"]));
  }

  /**
   * The servers of one backend that get traffic, as every node has them.
   * @throws RemoteFailure when a node does not answer
   */
  async up(backend: string): Promise<{ node: string; servers: string[] }[]> {
    return Promise.all(
      this.nodes.map(async (node) => {
        const servers = (await this.servers(node)).filter((s) => s.backend === backend && s.up);
        return { node, servers: servers.map((s) => s.server) };
      }),
    );
  }

  /** The machine that clients of the database are on. */
  async database(): Promise<string | undefined> {
    const holder = await this.holder();
    if (holder === undefined) return undefined;
    return /server_key=(\S+)/.exec(await this.admin(holder, ["show table galera"]))?.[1];
  }

  /** Sends commands to all nodes; their effect is observed, not their answers. */
  async all(commands: string[]): Promise<void> {
    await Promise.all(this.nodes.map((n) => this.admin(n, commands)));
  }

  /**
   * No new requests for these servers; waits until those that run have ended.
   * @param seconds longest wait
   * @returns how many are left then
   * @throws RemoteFailure when a node does not answer: nobody knows what is left there
   */
  async drain(address: string, seconds: number): Promise<number> {
    const mine = async (node: string) =>
      (await this.servers(node)).filter((s) => s.address === address);
    const all = await Promise.all(this.nodes.map(mine));
    const removals = all.flat().map(({ backend, server }) => ({ backend, server, address }));
    await this.all([...new Set(removals.flatMap(drainCommands))]);
    const end = Date.now() + seconds * 1000;
    let left = 0;
    let quiet = 0;
    // The end is an answer here, and no failure: only that of a look comes through.
    await until("drained", Infinity, async () => {
      const now = await Promise.all(this.nodes.map(mine));
      left = now.flat().reduce((n, s) => n + s.sessions, 0);
      // Two looks in a row: a request may be on its way to the server in the moment of the first.
      quiet = left === 0 ? quiet + 1 : 0;
      return quiet === 2 || Date.now() > end;
    });
    return left;
  }

  /**
   * Puts the servers of a web node back into rotation, on all nodes, and for good.
   * @param services the port of each, which may be another than before
   */
  async ready(address: string, services: Record<string, { port: number }>): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        const mine = (await this.servers(node)).filter((s) => s.address === address);
        await this.admin(
          node,
          mine.flatMap((s) => addCommands({ ...s, port: services[s.backend]?.port ?? s.port })),
        );
        await this.machines.run(node, "haproxy-state save");
      }),
    );
  }

  /** Makes checks from a node as its HAProxy does, until they succeed; those that did not in time. */
  async probe(node: string, checks: Check[], seconds: number): Promise<Sick[]> {
    // What is asked last before the end is waited for, one after the other.
    const last = checks.reduce((sum, check) => sum + check.seconds + 0.5, 0);
    const command = `bash -c ${quote(probeScript(checks, seconds))}`;
    const said = await this.machines.run(node, command, seconds + last + CONNECT_SECONDS);
    return readProbe(checks, said);
  }

  private admin(node: string, commands: string[]): Promise<string> {
    return this.machines.run(node, `echo '${commands.join("; ")}' | ${ADMIN}`);
  }
}
