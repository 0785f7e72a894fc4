import { beforeEach, describe, expect, it } from "vitest";
import { generationCommand } from "../../haproxy/plan";
import { NodeLost } from "../../haproxy/node";
import { Reconciler } from "../../haproxy/reconcile";
import { FakeClock, MemoryNode, type World } from "../support/memoryNode";

const health = { healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 };
const services = [
  { name: "auth", port: 4430, ...health },
  { name: "app", port: 5174, ...health },
];
const settings = { services, webVip: "10.0.0.100", drainSeconds: 30, readySeconds: 60 };
const web = (n: number) => ({ name: `web${n}`, address: `10.0.0.${n}` });
const addresses = (...numbers: number[]) => numbers.map((n) => web(n).address);

let world: World;
let nodes: MemoryNode[];
let said: string[];
beforeEach(() => {
  world = {
    clock: new FakeClock(),
    sick: new Set(),
    busyUntil: new Map(),
    holders: new Set(["haproxy1"]),
  };
  nodes = ["haproxy1", "haproxy2"].map(
    (name) =>
      new MemoryNode(
        name,
        world,
        services.map((s) => s.name),
        6,
      ),
  );
  said = [];
});

/** Makes these the members. */
const want = (...numbers: number[]) => wantWith({}, ...numbers);
const wantWith = (faults: Record<string, string>, ...numbers: number[]) =>
  new Reconciler(
    { ...settings, wanted: numbers.map(web), faults, patience: 1 },
    nodes,
    (line) => said.push(line),
    world.clock,
  ).run();
const rotation = () => nodes.map((n) => n.rotation);

describe("the reconciler", () => {
  it("puts nodes into every backend of both HAProxy nodes, after their health was seen from each", async () => {
    expect(await want(1, 2)).toBe(
      "web1 10.0.0.1, web2 10.0.0.2 in auth, app of haproxy1, haproxy2",
    );
    expect(rotation()).toEqual([addresses(1, 2), addresses(1, 2)]);
    for (const { log } of nodes) {
      const probe = log.indexOf("probe");
      const ready = log.findIndex((line) => line.endsWith("state ready"));
      const health = log.findIndex((line) => line.startsWith("enable health"));
      expect([probe >= 0, probe < health, health < ready]).toEqual([true, true, true]);
    }
  });

  it("changes nothing the second time", async () => {
    await want(1, 2);
    const before = nodes.map((n) => n.log.length);
    await want(1, 2);
    expect(nodes.map((n, i) => n.log.slice(before[i]))).toEqual([["observe"], ["observe"]]);
    expect(said.at(-1)).toBe("nothing to do");
  });

  it("adds before it drains, and drains before it takes out", async () => {
    await want(1, 2);
    nodes.forEach((n) => n.log.splice(0));
    world.busyUntil.set(web(1).address, world.clock.now() + 5);
    const began = world.clock.now();
    await want(2, 3);
    expect(rotation()).toEqual([addresses(2, 3), addresses(2, 3)]);
    expect(nodes.map((n) => n.known)).toEqual([addresses(2, 3), addresses(2, 3)]);
    expect(world.clock.now() - began).toBeGreaterThanOrEqual(5);
    for (const { log } of nodes) {
      const at = (what: RegExp) => log.findIndex((line) => what.test(line));
      const order = [/state ready/, /state drain/, /shutdown sessions/, /addr 0\.0\.0\.0/].map(at);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(order).not.toContain(-1);
    }
  });

  it("waits for sessions to end at most until the deadline, then closes them", async () => {
    await want(1, 2);
    world.busyUntil.set(web(1).address, Infinity);
    const began = world.clock.now();
    await want(2);
    expect(world.clock.now() - began).toBeGreaterThan(30);
    expect(world.clock.now() - began).toBeLessThan(35);
    expect(said).toContain("4 sessions did not end and are closed now");
    expect(nodes.map((n) => n.known)).toEqual([addresses(2), addresses(2)]);
  });

  it("believes in the end of sessions at the second look: a request may be on its way at the first", async () => {
    await want(1, 2);
    const [first] = nodes as [MemoryNode];
    const look = first.observe.bind(first);
    let arrival = NaN;
    first.observe = async () => {
      const seen = await look();
      if (Number.isNaN(arrival) && first.log.some((line) => line.endsWith("state drain"))) {
        arrival = world.clock.now();
        world.busyUntil.set(web(1).address, arrival + 8);
      }
      return seen;
    };
    await want(2);
    expect(world.clock.now() - arrival).toBeGreaterThan(8);
    expect(said.join()).not.toContain("closed now");
  });

  it("puts the well ones in, and names each sick one with its URL and why", async () => {
    await want(1);
    world.sick.add(web(2).address).add(web(4).address);
    await expect(want(1, 2, 3, 4)).rejects.toThrow(
      "not well: " +
        [2, 4]
          .map((n) => {
            const asked = (port: number) =>
              `http://10.0.0.${n}:${port}/health: no answer, from haproxy1 and haproxy2`;
            return `web${n} (${asked(4430)}, ${asked(5174)})`;
          })
          .join("; "),
    );
    expect(rotation()).toEqual([addresses(1, 3), addresses(1, 3)]);
    expect(nodes.map((n) => n.known)).toEqual([addresses(1, 3), addresses(1, 3)]);
  });

  it("adds no node whose configuration failed, keeps one that is in, and names both with the reason", async () => {
    await want(1, 2);
    await expect(wantWith({ web2: "no npm", web3: "no space left" }, 1, 2, 3, 4)).rejects.toThrow(
      "not well: web2 (no npm); web3 (no space left)",
    );
    expect(rotation()).toEqual([addresses(1, 2, 4), addresses(1, 2, 4)]);
    expect(nodes.map((n) => n.known)).toEqual([addresses(1, 2, 4), addresses(1, 2, 4)]);
  });

  it("takes out who leaves also when one who comes is sick, but never the last who is up", async () => {
    await want(1, 2);
    world.sick.add(web(4).address);
    await expect(want(3, 4)).rejects.toThrow(/^not well: web4 \([^;]*$/);
    expect(rotation()).toEqual([addresses(3), addresses(3)]);
    await expect(want(4)).rejects.toThrow(
      /; only those who leave are up in auth, app of haproxy1: nobody is taken out; only .* haproxy2/,
    );
    expect(rotation()).toEqual([addresses(3), addresses(3)]);
    world.sick.clear();
    await want(4);
    expect(rotation()).toEqual([addresses(4), addresses(4)]);
  });

  it("fails when HAProxy's own check does not succeed in time, times the site's patience", async () => {
    const patient = new Reconciler(
      { ...settings, wanted: [web(1)], faults: {}, patience: 3 },
      nodes.map((node) =>
        Object.assign(Object.create(node) as MemoryNode, { probe: () => Promise.resolve([]) }),
      ),
      () => undefined,
      world.clock,
    );
    world.sick.add(web(1).address);
    const check = (service: string) =>
      `HAProxy's check of ${service}, for 30 s: L4CON, from haproxy1 and haproxy2`;
    await expect(patient.run()).rejects.toThrow(
      `not well: web1 (${check("auth")}, ${check("app")})`,
    );
    expect(world.clock.now()).toBeGreaterThan(30);
    // The next run is not to take it for one that is in.
    expect(nodes.map((n) => n.known)).toEqual([[], []]);
  });

  it("goes on without a HAProxy node that is lost, and fails when none is left", async () => {
    const [first, second] = nodes as [MemoryNode, MemoryNode];
    second.dieAt(1);
    expect(await want(1)).toContain("of haproxy1");
    expect(first.rotation).toEqual(addresses(1));
    expect(said.join()).toContain("haproxy2: no answer; going on without it");
    first.dieAt(1);
    await expect(want(1)).rejects.toThrow("no HAProxy node can be reached");
  });

  describe("when the HAProxy node that may serve cannot be reached", () => {
    const may = (why = "no answer") =>
      `haproxy1: ${why}; it may serve users, since the web VIP 10.0.0.100 is not on haproxy2: no web node may be stopped`;
    const first = () => (nodes as [MemoryNode, MemoryNode])[0];
    const second = () => (nodes as [MemoryNode, MemoryNode])[1];

    it("takes nobody out and fails, but lets those in that come", async () => {
      await want(1, 2);
      first().dieAt(1);
      await expect(want(2, 3)).rejects.toThrow(may());
      expect(second().rotation).toEqual(addresses(1, 2, 3));
      first().dieAt(Infinity);
      await want(2, 3);
      expect(rotation()).toEqual([addresses(2, 3), addresses(2, 3)]);
    });

    it("fails also when nothing is left to do on the one that is reached", async () => {
      await want(1, 2);
      first().dieAt(1);
      await expect(want(1, 2)).rejects.toThrow(may());
    });

    it("fails when it is lost in the middle of a removal, at any step", async () => {
      let interrupted = 0;
      for (let step = 1; step < 60; step++) {
        first().dieAt(Infinity);
        await want(1, 2, 3);
        first().dieAt(step);
        const end = await want(2, 3).then(
          () => "well",
          (error: unknown) => (error as Error).message,
        );
        expect([step, end]).toEqual([step, first().alive ? "well" : may()]);
        if (first().alive) break;
        interrupted = step;
      }
      expect(interrupted).toBeGreaterThan(10);
    });

    it("fails when it takes its commands but cannot save what it has", async () => {
      await want(1, 2);
      const obey = first().apply.bind(first());
      first().apply = async (commands) => {
        await obey(commands);
        throw new NodeLost("haproxy1: No space left on device");
      };
      await expect(want(2)).rejects.toThrow(may("No space left on device"));
    });

    it("goes on when the other one has taken the web VIP over, or both hold it", async () => {
      await want(1, 2);
      first().dieAt(1);
      for (const holders of [["haproxy2"], ["haproxy1", "haproxy2"]]) {
        world.holders = new Set(holders);
        await want(1, 2);
        await want(2);
        expect(second().rotation).toEqual(addresses(2));
      }
    });
  });

  it("mends a HAProxy node that was lost at any step, alone, once it is back", async () => {
    const [first, second] = nodes as [MemoryNode, MemoryNode];
    for (let step = 1; step < 60; step++) {
      await want(1, 2);
      second.dieAt(step);
      await want(2, 3);
      const lost = !second.alive;
      expect([step, first.rotation, first.known]).toEqual([step, addresses(2, 3), addresses(2, 3)]);
      second.dieAt(Infinity);
      await want(2, 3);
      expect([step, second.rotation]).toEqual([step, addresses(2, 3)]);
      expect(second.known).toEqual(addresses(2, 3));
      if (!lost) return;
    }
    expect.fail("it never ran to its end");
  });

  it("marks each change on both with one and the same time, later than every earlier one", async () => {
    const [first, second] = nodes as [MemoryNode, MemoryNode];
    // Of a machine whose clock was wrong, in the year 2098.
    const future = 0xf2000000;
    await first.apply([generationCommand(future)]);
    await want(1);
    expect(first.generation).toBeGreaterThan(future);
    expect(second.generation).toBe(first.generation);
    const before = first.generation;
    await want();
    expect(second.generation).toBeGreaterThan(before);
  });

  it("fails where a HAProxy node takes its commands and is not as wanted in the end", async () => {
    await want(1, 2);
    const [, second] = nodes as [MemoryNode, MemoryNode];
    const obey = second.apply.bind(second);
    second.apply = (commands) => obey(commands.filter((c) => !/ addr 0\.0\.0\.0$/.test(c)));
    await expect(want(2)).rejects.toThrow(
      "not as wanted in the end: haproxy2 still has 10.0.0.1 in auth; haproxy2 still has 10.0.0.1 in app",
    );
  });

  it("has nowhere to put more nodes than there are slots, and says so", async () => {
    await expect(want(1, 2, 3, 4, 5, 6, 7)).rejects.toThrow(/6 slots and none is free for web7/);
  });

  it("ends right when it is run again after an interruption at any step", async () => {
    for (let step = 1; step < 60; step++) {
      await want(1, 2);
      // Both die at the same step, as when the machine that runs it does, and are as they were left.
      for (const node of nodes) node.dieAt(step);
      const interrupted = await want(2, 3).then(
        () => false,
        () => true,
      );
      for (const node of nodes) node.dieAt(Infinity);
      await want(2, 3);
      expect([step, ...rotation()]).toEqual([step, addresses(2, 3), addresses(2, 3)]);
      expect(nodes.map((n) => n.known)).toEqual([addresses(2, 3), addresses(2, 3)]);
      if (!interrupted) {
        // Every command and every look was a step.
        expect(step).toBeGreaterThan(20);
        return;
      }
    }
    expect.fail("it never ran to its end");
  });
});
