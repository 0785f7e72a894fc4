import { drainCommands } from "../../haproxy/plan";
import { parseObservation, parseStats, type Slot } from "../../haproxy/state";
import { type Machines, until } from "../../lib/machines";

const ADMIN = "socat -T 15 - UNIX-CONNECT:/run/haproxy/admin.sock";

/** One server line of a HAProxy node's statistics. */
export interface Server {
  backend: string;
  server: string;
  address: string;
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
          up: s["status"]?.startsWith("UP") ?? false,
          sessions: Number(s["scur"]) + Number(s["qcur"]),
        },
  );

/** Web services as HAProxy's configuration has them: health path by backend, and its longest drain. */
export interface Settings {
  healthPaths: Map<string, string>;
  drainSeconds: number;
}

/** Reads haproxy.cfg. */
export function readSettings(text: string): Settings {
  const healthPaths = new Map<string, string>();
  let backend = "";
  for (const line of text.split("\n")) {
    backend = /^(?:backend|listen) (\S+)/.exec(line)?.[1] ?? (/^\S/.test(line) ? "" : backend);
    const path = /^\s+option httpchk GET (\S+)/.exec(line)?.[1];
    if (path !== undefined && backend !== "") healthPaths.set(backend, path);
  }
  return { healthPaths, drainSeconds: Number(/hard-stop-after (\d+)s/.exec(text)?.[1] ?? 0) };
}

/** Both HAProxy nodes through their admin sockets. */
export class Entry {
  readonly nodes: string[];
  constructor(
    private readonly machines: Machines,
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

  async settings(node: string): Promise<Settings> {
    return readSettings(await this.machines.run(node, "cat /etc/haproxy/haproxy.cfg"));
  }

  /** The machine that clients of the database are on. */
  async database(): Promise<string | undefined> {
    const holder = await this.holder();
    if (holder === undefined) return undefined;
    return /server_key=(\S+)/.exec(await this.admin(holder, ["show table galera"]))?.[1];
  }

  /** Sends commands to both nodes; their effect is observed, not their answers. */
  async both(commands: string[]): Promise<void> {
    await Promise.all(this.nodes.map((n) => this.admin(n, commands)));
  }

  /** No new requests for these servers; waits until those that run have ended, at most so long. @returns how many are left */
  async drain(address: string, seconds: number): Promise<number> {
    const mine = async (node: string) =>
      (await this.servers(node)).filter((s) => s.address === address);
    const all = await Promise.all(this.nodes.map(mine));
    const removals = all.flat().map(({ backend, server }) => ({ backend, server, address }));
    await this.both([...new Set(removals.flatMap(drainCommands))]);
    let left = 0;
    let quiet = 0;
    await until("drained", seconds, async () => {
      const now = await Promise.all(this.nodes.map(mine));
      left = now.flat().reduce((n, s) => n + s.sessions, 0);
      // Two looks in a row: a request may be on its way to the server in the moment of the first.
      quiet = left === 0 ? quiet + 1 : 0;
      return quiet === 2 ? true : undefined;
    }).catch(() => undefined);
    return left;
  }

  /** Puts the servers of a web node back into rotation, on both nodes, and for good. */
  async ready(address: string): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        const mine = (await this.servers(node)).filter((s) => s.address === address);
        await this.admin(
          node,
          mine.map(({ backend, server }) => `set server ${backend}/${server} state ready`),
        );
        await this.machines.run(node, "haproxy-state save");
      }),
    );
  }

  /** Slots of the web backends of a node. */
  async state(node: string, backends: string[]): Promise<Slot[]> {
    const text = await this.admin(node, ["show servers state", "show stat -1 4 -1"]);
    return parseObservation(text, backends).slots;
  }

  private admin(node: string, commands: string[]): Promise<string> {
    return this.machines.run(node, `echo '${commands.join("; ")}' | ${ADMIN}`);
  }
}
