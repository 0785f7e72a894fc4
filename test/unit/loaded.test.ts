import { expect, it } from "vitest";
import type { Report } from "../support/load/protocol";
import { shares, wrongWith } from "../support/loaded";

const served = (requests: number) => ({ requests, first: 0, last: 1, lastSent: 1 });
const report = (change: Partial<Report> = {}): Report => ({
  seconds: 10,
  sent: { keepAlive: 1200, fresh: 1200 },
  failures: [],
  served: { web1: served(1200), web2: served(1200) },
  slowestMs: 50,
  sockets: [],
  ...change,
});
const failure = { sent: 0, failed: 1, path: "/app", keepAlive: true, error: "status 503" };

it("a load of which all is well, also on a machine that gives a third of it meanwhile", () => {
  expect(wrongWith(report())).toEqual([]);
  const slow = report({ sent: { keepAlive: 400, fresh: 400 } });
  expect(wrongWith(slow, { quiet: report(), nodes: ["web2", "web1"] })).toEqual([]);
});

it("one failed request is one too many", () => {
  expect(wrongWith(report({ failures: [failure] }))).toEqual([
    "/app sent at 1970-01-01T00:00:00.000Z: status 503",
  ]);
});

it("a load that was hardly there proves nothing, of either kind", () => {
  const little = report({ sent: { keepAlive: 1200, fresh: 20 } });
  expect(wrongWith(little)).toEqual(["only 2.0 fresh requests a second; wanted 10.0"]);
  const less = report({ sent: { keepAlive: 200, fresh: 1200 } });
  expect(wrongWith(less, { quiet: report() })).toEqual([
    "only 20.0 keepAlive requests a second; wanted 30.0",
  ]);
  expect(wrongWith(report({ sent: { keepAlive: 0, fresh: 0 }, seconds: 0 }))).toHaveLength(2);
});

it("who served is told where it is another", () => {
  expect(wrongWith(report(), { nodes: ["web1"] })).toEqual(["served by web1, web2; wanted web1"]);
  expect(wrongWith(report({ served: {} }), { nodes: ["web1"] })).toEqual([
    "served by nobody; wanted web1",
  ]);
});

it("shares are of all answers", () => {
  const uneven = report({ served: { web1: served(30), web2: served(10) } });
  expect(shares(uneven)).toEqual({ web1: 0.75, web2: 0.25 });
});
