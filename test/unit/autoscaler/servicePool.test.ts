import { beforeEach, describe, expect, it } from "vitest";
import { NOW } from "./situations";
import { names, World } from "./world";

let world: World;
beforeEach(() => {
  world = new World();
});

describe("the service grows the pool", () => {
  it("by the lowest free numbers, written down before it is begun", async () => {
    world.pool = ["web1", "web4"];
    world.service = world.start();
    world.sessions = 900;
    await world.looks();
    expect(world.started).toEqual([["web1", "web2", "web3", "web4"]]);
    expect(world.order).toEqual(["decision", "state with update", "start", "state with update"]);
  });

  it("once: while the update runs it counts what is being made, and afterwards it is content", async () => {
    world.sessions = 900;
    await world.looks();
    world.sessions = 1000;
    await world.looks(2);
    expect(world.started).toHaveLength(1);
    expect(world.last).toMatchObject({ size: 4, target: 4 });
    expect(world.brakes).toContain("update");
    expect(world.service.snapshot()).toMatchObject({ pool: names(4), update: { since: NOW } });
    world.sessions = 450;
    world.ends();
    await world.looks();
    expect(world.last).toMatchObject({ size: 4, target: 4, serving: 4 });
    expect(world.started).toHaveLength(1);
    expect(world.state.update).toBeUndefined();
    expect(world.state.memory.changed).toBe(NOW + 90_000);
    expect(world.alerts).toEqual([]);
  });

  it("asks the nodes that are being made, and on a scale-in those that go", async () => {
    world.sessions = 900;
    await world.looks(2);
    expect(world.asked.at(-1)).toEqual(names(4));
  });
});

describe("the service shrinks the pool", () => {
  beforeEach(() => {
    world.pool = names(4);
    world.service = world.start();
    world.sessions = 10;
  });

  it("by one, after the window, by who has least", async () => {
    await world.looks(10);
    expect(world.started).toEqual([]);
    world.seen = { sessions: [10, 3, 10, 10] };
    await world.looks();
    expect(world.started).toEqual([["web1", "web3", "web4"]]);
    world.seen = {};
    world.ends();
    await world.looks(9);
    expect(world.started).toHaveLength(1);
    await world.looks();
    expect(world.started).toHaveLength(2);
  });

  it("not while metrics are missing, of which people hear after the stale time", async () => {
    await world.looks(9);
    world.lacking = { backends: [] };
    await world.looks(3);
    expect(world.alerts).toEqual([]);
    await world.looks(20);
    expect(world.alerts).toEqual(["MetricsMissing"]);
    expect(world.started).toEqual([]);
    world.lacking = {};
    await world.looks(10);
    expect(world.alerts).toEqual([]);
    expect(world.started).toEqual([]);
    await world.looks();
    expect(world.started).toHaveLength(1);
  });

  it("not while a HAProxy node is silent: redundancy is reduced", async () => {
    world.lacking = { proxies: { haproxy1: undefined, haproxy2: "no route" } };
    await world.looks(15);
    expect(world.started).toEqual([]);
    expect(world.alerts).toEqual(["RedundancyReduced"]);
    expect(world.told[0]?.summary).toContain("haproxy2 does not answer (no route)");
    world.lacking = {};
    await world.looks();
    expect(world.alerts).toEqual([]);
  });
});

describe("the service is started anew", () => {
  it("in the middle of an update: it waits for the result, and begins no second one", async () => {
    world.sessions = 900;
    await world.looks();
    world.service = world.start();
    await world.looks();
    expect(world.last).toMatchObject({ size: 4 });
    expect(world.started).toHaveLength(1);
    world.ends();
    world.service = world.start();
    world.sessions = 450;
    await world.looks();
    expect(world.last).toMatchObject({ size: 4, target: 4 });
    expect(world.state.update).toBeUndefined();
  });

  it("with its window, its budget and a person's hold", async () => {
    world.pool = names(4);
    world.sessions = 10;
    world.service = world.start();
    await world.looks(6);
    world.service = world.start();
    await world.looks(4);
    expect(world.started).toEqual([]);
    world.service = world.start();
    await world.looks();
    expect(world.started).toEqual([names(3)]);
    world.ends();
    await world.service.order({ kind: "hold", size: 3, until: world.now + 3_600_000 }, "kim");
    world.service = world.start();
    await world.looks(20);
    expect(world.started).toHaveLength(1);
    expect(world.brakes).toContain("hold");
  });

  it("between its word and the begin: nothing was begun, and no budget is used up", async () => {
    world.pool = names(4);
    world.sessions = 10;
    world.service = world.start();
    await world.looks(11);
    expect(world.state.memory.removals).toHaveLength(1);
    // It was killed before the runner was there.
    world.running = undefined;
    world.started = [];
    world.service = world.start();
    await world.looks();
    expect(world.started).toEqual([names(3)]);
    expect(world.state.memory.removals).toHaveLength(1);
  });
});
