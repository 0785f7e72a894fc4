import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { Proxies, readServers, type Server } from "../../components/entry/proxies";
import {
  lackedByOne,
  missingInRotation,
  servedByNobodyElse,
} from "../../components/entry/rotation";
import { RemoteFailure } from "../../lib/machines";
import { inNoTime } from "../support/inNoTime";

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
        port: 5011,
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

describe("the rotation of the web pool", () => {
  const health = { healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 };
  const site = {
    services: { app: { ...health, port: 8000 } },
    addresses: { web: { web1: "10.0.0.1", web2: "10.0.0.2" } },
  };
  const server = (web: number, up = true, backend = "app") => ({
    ...{ backend, server: `slot${web}`, up, sessions: 0 },
    address: `10.0.0.${web}`,
    port: 8000,
  });
  const both = [server(1), server(2)];
  const nodes = (first: Server[], second: Server[]) => [
    { node: "haproxy1", servers: first },
    { node: "haproxy2", servers: second },
  ];

  it("lacks the first web node that is not up everywhere, and says where", () => {
    expect(missingInRotation(nodes(both, both), site)).toBe("");
    const one = "web2 is not in rotation for app on haproxy2";
    expect(missingInRotation(nodes(both, [server(1)]), site)).toBe(one);
    expect(missingInRotation(nodes(both, [server(1), server(2, false)]), site)).toBe(one);
    expect(missingInRotation(nodes(both, []), site)).toBe(
      "web1 is not in rotation for app on haproxy2",
    );
  });

  it("does not lack those who are to be changed, or are new", () => {
    const services = { ...site.services, api: { ...health, port: 8001 } };
    const first = [...both, server(1, true, "api"), server(2, false, "api")];
    const now = nodes(first, first);
    expect(missingInRotation(now, { ...site, services }, ["web2"])).toBe("");
    expect(missingInRotation(now, { ...site, services })).toMatch(/web2 .* api/);
    const addresses = { web: { ...site.addresses.web, web3: "10.0.0.3" } };
    expect(missingInRotation(nodes(both, both), { ...site, addresses }, ["web3"])).toBe("");
  });

  it("on one HAProxy node is compared with the other's: what nobody serves is no matter of theirs", () => {
    const services = { ...site.services, api: { ...health, port: 8001 } };
    const waits = [...both, server(1, false, "api"), server(2, false, "api")];
    expect(lackedByOne(nodes(waits, both), { ...site, services })).toBe("");
    const api = [...both, server(1, true, "api")];
    expect(lackedByOne(nodes(api, both), { ...site, services })).toBe(
      "web1 is not in rotation for api on haproxy2",
    );
    expect(lackedByOne(nodes(api, both), { ...site, services }, ["haproxy2"])).toBe("");
    expect(lackedByOne(nodes(both, api), { ...site, services }, ["haproxy2"])).not.toBe("");
  });

  it("lets nobody go who alone serves something; a pool of one has nobody else", () => {
    expect(servedByNobodyElse(nodes(both, both), "web1", site)).toBe("");
    const alone = nodes(both, [server(2), server(1, false)]);
    expect(servedByNobodyElse(alone, "web1", site)).toBe("");
    expect(servedByNobodyElse(alone, "web2", site)).toBe(
      "nobody else is in rotation for app on haproxy2",
    );
    const addresses = { web: { web1: "10.0.0.1" } };
    const one = nodes([server(1)], [server(1)]);
    expect(servedByNobodyElse(one, "web1", { ...site, addresses })).toBe("");
  });
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

/** Drains web1 through them. */
const drain = (pair: Pair, seconds: number) =>
  inNoTime(() => new Proxies(pair, "10.0.0.100").drain("10.0.0.1", seconds));

describe("Proxies.drain", () => {
  it("drains on both nodes, and is done when nothing is left in two looks", async () => {
    const pair = new Pair([3, 2, 0]);
    expect(await drain(pair, 10)).toBe(0);
    expect(pair.sent).toEqual([
      "haproxy1: set server app/slot1 state drain",
      "haproxy2: set server app/slot1 state drain",
    ]);
  });

  it("says how many are left when the time is over", async () => {
    expect(await drain(new Pair([4, 4]), 0.6)).toBe(4);
  });

  it("does not believe one look: a request may have been on its way", async () => {
    const pair = new Pair([3, 0, 2]);
    expect(await drain(pair, 0.8)).toBe(2);
  });

  it("does not take a node that is lost meanwhile for one with nothing left", async () => {
    const lost = new RemoteFailure("haproxy2", undefined, "does not answer (timed out)");
    const pair = new Pair([4, lost]);
    await expect(drain(pair, 10)).rejects.toThrow("haproxy2: does not answer");
  });
});

it("Proxies.ready puts a web node back on every node, where its services are now, and saves that", async () => {
  const pair = new Pair([0]);
  await new Proxies(pair, "10.0.0.100").ready("10.0.0.1", { app: { port: 8001 } });
  const back = [
    "set server app/slot1 addr 10.0.0.1 port 8001",
    "enable health app/slot1",
    "set server app/slot1 state ready",
  ].join("; ");
  expect(pair.sent.sort()).toEqual(
    ["haproxy1", "haproxy2"].flatMap((node) =>
      [`${node}: ${back}`, `${node}: haproxy-state save`].sort(),
    ),
  );
});
