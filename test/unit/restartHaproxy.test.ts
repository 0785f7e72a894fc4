import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { readServers, readSettings } from "../../cli/restart/haproxy";

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
        server: `web${i}`,
        address: `198.18.2.22${i}`,
        up: true,
        sessions: 0,
      })),
    );
  });

  it("does not count a draining server as up", () => {
    const draining = readServers(stat("draining.txt")).filter((s) => s.backend === "websocket");
    expect(draining.filter((s) => !s.up).map((s) => s.server)).toEqual(["web4"]);
  });
});

it("readSettings takes health paths and the longest drain from the configuration that runs", () => {
  const settings = readSettings(`global
    hard-stop-after 30s
defaults
    mode http
backend nothing
    http-request return status 404
backend app
    balance leastconn
    option httpchk GET /app/health
listen galera
    option httpchk GET /
`);
  expect([...settings.healthPaths]).toEqual([
    ["app", "/app/health"],
    ["galera", "/"],
  ]);
  expect(settings.drainSeconds).toBe(30);
});
