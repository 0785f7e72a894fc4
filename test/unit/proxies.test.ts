import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { Proxies, readServers } from "../../components/entry/proxies";
import { missingInRotation } from "../../components/entry/rotation";
import { RemoteFailure } from "../../lib/machines";

/** Statistics of a real HAProxy 2.6.12: eight services, 20 slots, four web nodes. */
const stat = (file: string) => {
  const text = readFileSync(path.join(__dirname, "fixtures/haproxy", file), "utf8");
  return text.slice(text.indexOf("# pxname,"));
};

describe("readServers", () => {
  it("reads the slots that are in use, and whether they get traffic", () => {
    const servers = readServers(stat("four-nodes.txt"));
    expect(servers.filter((s) => s.backend === "websocket")).toEqual(
      [1, 2, 3, 4].map((i) => ({
        backend: "websocket",
        server: `slot${i}`,
        address: `198.18.2.22${i}`,
        up: true,
        sessions: 0,
      })),
    );
  });

  it("does not count a draining server as up", () => {
    const draining = readServers(stat("draining.txt")).filter((s) => s.backend === "websocket");
    expect(draining.filter((s) => !s.up).map((s) => s.server)).toEqual(["slot4"]);
  });
});

it("missingInRotation names the first web node that a service lacks, and where", () => {
  const services = { app: { port: 8000, healthPath: "/health" } };
  const addresses = { web: { web1: "10.0.0.1", web2: "10.0.0.2" } };
  const up = { backend: "app", server: "slot1", up: true, sessions: 0 };
  const both = [
    { ...up, address: "10.0.0.1" },
    { ...up, address: "10.0.0.2" },
  ];
  const missing = (servers: typeof both) =>
    missingInRotation(servers, "haproxy1", { addresses, services });
  expect(missing(both)).toBe("");
  const one = "web2 is not in rotation for app on haproxy1";
  expect(missing(both.slice(0, 1))).toBe(one);
  expect(missing(both.map((s) => ({ ...s, up: s.address === "10.0.0.1" })))).toBe(one);
});

/** Two HAProxy nodes with one server; each `show stat` takes the next number of its sessions, the last one for ever. */
class Pair {
  readonly sent: string[] = [];
  private looks = 0;

  constructor(
    private readonly sessions: (number | Error)[],
    readonly names = () => ["haproxy1", "haproxy2"],
  ) {}

  run = (node: string, command: string): Promise<string> => {
    if (!command.includes("show stat")) {
      this.sent.push(`${node}: ${command.replace(/^echo '(.*?)'.*/, "$1")}`);
      return Promise.resolve("");
    }
    // Only the second node is busy; the first look is for the names of the servers.
    const at = node === "haproxy2" ? this.looks++ : -1;
    const now = at < 0 ? 0 : this.sessions[Math.min(at, this.sessions.length - 1)];
    if (now instanceof Error) return Promise.reject(now);
    return Promise.resolve(
      `# pxname,svname,status,addr,scur,qcur\napp,slot1,UP,10.0.0.1:8000,${now},0\n`,
    );
  };

  ask = () => Promise.resolve(undefined);
}

describe("Proxies.drain", () => {
  it("drains on both nodes, and is done when nothing is left in two looks", async () => {
    const pair = new Pair([3, 2, 0]);
    expect(await new Proxies(pair, "10.0.0.100").drain("10.0.0.1", 10)).toBe(0);
    expect(pair.sent).toEqual([
      "haproxy1: set server app/slot1 state drain",
      "haproxy2: set server app/slot1 state drain",
    ]);
  });

  it("says how many are left when the time is over", async () => {
    expect(await new Proxies(new Pair([4, 4]), "10.0.0.100").drain("10.0.0.1", 0.6)).toBe(4);
  });

  it("does not believe one look: a request may have been on its way", async () => {
    const pair = new Pair([3, 0, 2]);
    expect(await new Proxies(pair, "10.0.0.100").drain("10.0.0.1", 0.8)).toBe(2);
  });

  it("does not take a node that is lost meanwhile for one with nothing left", async () => {
    const lost = new RemoteFailure("haproxy2", undefined, "does not answer (timed out)");
    const pair = new Pair([4, lost]);
    await expect(new Proxies(pair, "10.0.0.100").drain("10.0.0.1", 10)).rejects.toThrow(
      "haproxy2: does not answer",
    );
  });
});

it("Proxies.ready puts a web node back on every node, and saves that", async () => {
  const pair = new Pair([0]);
  await new Proxies(pair, "10.0.0.100").ready("10.0.0.1");
  expect(pair.sent.sort()).toEqual([
    "haproxy1: haproxy-state save",
    "haproxy1: set server app/slot1 state ready",
    "haproxy2: haproxy-state save",
    "haproxy2: set server app/slot1 state ready",
  ]);
});
