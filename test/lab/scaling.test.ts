import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Load } from "../support/load";
import type { Report } from "../support/load/protocol";
import { shares, wrongWith } from "../support/loaded";
import { pace } from "../support/pace";
import { ask, baseState, DRAIN_SECONDS, eventually, lastChanges, on, scale } from "../support/site";

let outputs: StackOutputs;
let load: Load | undefined;
beforeAll(async () => {
  outputs = await baseState();
});
afterAll(async () => {
  load?.kill();
  await baseState();
});

/** Servers of every backend that take requests, as a HAProxy node sees it now. */
async function rotation(haproxy: string): Promise<string> {
  const question = "echo 'show stat -1 4 -1' | socat - /run/haproxy/admin.sock | cut -d, -f1,2,18";
  const { stdout } = await ask(outputs, haproxy, question);
  // "UP 1/2" is up as well: the last check failed, or not all were made since the start.
  const up = stdout.split("\n").flatMap((line) => /^(.*,slot\d+),UP/.exec(line)?.[1] ?? []);
  return up.sort().join("\n");
}

const TWO = ["web1", "web2"];
const FOUR = [...TWO, "web3", "web4"];

describe("scaling 2 -> 4 -> 2 under load", () => {
  /** The load before anything is done. */
  let quiet: Report;

  it("out: no request fails, only the new nodes are configured, and they get their share", async () => {
    load = await Load.start(outputs);
    quiet = await load.during(5);
    expect(wrongWith(quiet, { nodes: TWO })).toEqual([]);
    await scale(4);
    expect(wrongWith(await load.report(), { quiet })).toEqual([]);
    // Machine and container of each new node; nothing else is made.
    const { create, update, same } = await lastChanges();
    expect({ create, update }).toEqual({ create: 4, update: 4 });
    expect(same).toBeGreaterThan(60);
    const after = await load.during(5);
    expect(wrongWith(after, { quiet, nodes: FOUR })).toEqual([]);
    for (const [web, share] of Object.entries(shares(after))) {
      expect([web, share > 0.15 && share < 0.35]).toEqual([web, true]);
    }
    // WebSockets that were open before stayed open, where they were.
    expect(after.sockets.flatMap((s) => s.closes)).toEqual([]);
  });

  it("in: no request fails, and WebSockets on the nodes that go get the drain time", async () => {
    if (!load) throw new Error("no load");
    // With their cookies removed by nobody, the old ones stay on web1 and web2: bring new ones.
    const more = await Load.start(outputs, { rate: 1 });
    try {
      await eventually("all WebSockets are open", 20, async () =>
        (await more.report()).sockets.every((s) => s.open),
      );
      const open = await more.report();
      const going = (node: string) => node === "web3" || node === "web4";
      const atRisk = open.sockets.filter((s) => going(s.nodes[0] ?? ""));
      expect(atRisk.length).toBeGreaterThan(3);
      await load.report();
      await scale(2);
      const report = await load.report();
      expect(wrongWith(report, { quiet })).toEqual([]);
      expect(await lastChanges()).toMatchObject({ delete: 4, update: 4 });
      // A node's drain begins after the last request that it answers was sent, and before its last answer.
      const gone = ["web3", "web4"].flatMap((node) => report.served[node] ?? []);
      expect(gone).toHaveLength(2);
      const sent = Math.max(...gone.map((s) => s.lastSent));
      const answered = Math.max(...gone.map((s) => s.last));
      const { sockets } = await more.during(3);
      const closes = sockets.flatMap((s) => s.closes);
      expect(closes).toHaveLength(atRisk.length);
      expect(closes.filter((c) => !going(c.node))).toEqual([]);
      for (const close of closes) {
        expect((close.at - sent) / 1000).toBeGreaterThan(DRAIN_SECONDS - 1);
        expect((close.at - answered) / 1000).toBeLessThan(DRAIN_SECONDS + 5 * pace());
      }
      // Their clients are back, on nodes that stay.
      expect(sockets.filter((s) => !s.open || going(s.nodes.at(-1) ?? ""))).toEqual([]);
    } finally {
      more.kill();
    }
    expect(wrongWith(await load.during(3), { quiet, nodes: TWO })).toEqual([]);
    await load.stop();
  });
});

it("membership is the same after HAProxy is reloaded and restarted", async () => {
  for (const haproxy of ["haproxy1", "haproxy2"]) {
    const before = await rotation(haproxy);
    expect(before.split("\n")).toHaveLength(2 * 8);
    for (const how of ["reload", "restart"]) {
      await on(
        outputs,
        haproxy,
        `systemctl ${how} haproxy && until haproxy-state check 2>/dev/null; do sleep 0.1; done`,
      );
      expect([haproxy, how, await rotation(haproxy)]).toEqual([haproxy, how, before]);
    }
  }
});
