import { beforeEach, describe, expect, it } from "vitest";
import type { Alert } from "../../../autoscaler/model";
import { NOW } from "./situations";
import { names, World } from "./world";

let world: World;
beforeEach(() => {
  world = new World();
});

describe("an update that does not go well", () => {
  beforeEach(async () => {
    world.sessions = 900;
    await world.looks();
  });

  it("is told, and done again with growing pauses, also when the size is right by then", async () => {
    world.sessions = 450;
    world.ends({ ok: false, kind: "failed", why: "no space" }, names(4));
    await world.looks();
    expect(world.alerts).toEqual(["ScalingFailed"]);
    expect(world.told[0]?.summary).toContain("no space");
    expect(world.started).toHaveLength(1);
    await world.looks(2);
    expect(world.started).toEqual([names(4), names(4)]);
    await world.looks();
    expect(world.started).toHaveLength(2);
    world.ends({ ok: false, kind: "timeout", why: "too long" }, names(4));
    await world.looks(4);
    expect(world.started).toHaveLength(2);
    await world.looks();
    expect(world.started).toHaveLength(3);
    const { since } = world.told[0] as Alert;
    expect(since).toBe(NOW + 30_000);
    world.ends();
    await world.looks(10);
    expect(world.alerts).toEqual([]);
    expect(world.started).toHaveLength(3);
  });

  it("is not done again while it is paused", async () => {
    world.ends({ ok: false, kind: "failed", why: "no space" }, names(4));
    await world.service.order({ kind: "pause" }, "kim");
    await world.looks(5);
    expect(world.started).toHaveLength(1);
    await world.service.order({ kind: "resume" }, "kim");
    await world.looks();
    expect(world.started).toHaveLength(2);
  });

  it("that could not be begun is one", async () => {
    world = new World();
    world.sessions = 900;
    world.refuses = "no runner";
    await world.looks();
    expect(world.alerts).toEqual(["ScalingFailed"]);
    expect(world.state).toMatchObject({ again: true, rest: NOW + 60_000 });
    expect(world.state.update).toBeUndefined();
  });

  it("locked: it waits with jitter, changes nothing of its memory, and tells after ten minutes", async () => {
    const locked = () => world.ends({ ok: false, kind: "locked", why: "pipeline" }, names(2));
    locked();
    await world.looks();
    expect(world.state.rest).toBe(NOW + 30_000 + 22_500);
    expect(world.state.memory.changed).toBeUndefined();
    expect(world.brakes).toContain("cooldown");
    for (let i = 0; i < 9; i++) {
      await world.looks();
      locked();
      await world.looks();
    }
    expect(world.alerts).toEqual([]);
    expect(world.started.length).toBe(10);
    for (let i = 0; i < 2; i++) {
      await world.looks();
      locked();
      await world.looks();
    }
    expect(world.alerts).toEqual(["ScalingFailed"]);
    await world.looks();
    world.ends();
    await world.looks();
    expect(world.alerts).toEqual([]);
  });

  it("outdated: it is told, and waits for a person's update", async () => {
    world.ends({ ok: false, kind: "outdated", why: "another program" }, names(2));
    await world.looks();
    expect(world.alerts).toEqual(["CloneOutdated"]);
    await world.looks(5);
    expect(world.started).toHaveLength(1);
    world.changed = true;
    await world.looks();
    expect(world.alerts).toEqual([]);
    expect(world.started).toHaveLength(2);
  });

  it("a new node that is sick is replaced at once and silently; its successor stays, and is told", async () => {
    world.ends({ ok: false, kind: "failed", why: "web3", sick: ["web3"] }, names(4));
    world.sessions = 450;
    await world.looks();
    expect(world.started.at(-1)).toEqual(["web1", "web2", "web4", "web5"]);
    expect(world.alerts).toEqual([]);
    world.ends({ ok: false, kind: "failed", why: "web5", sick: ["web5"] });
    await world.looks(3);
    expect(world.alerts).toEqual(["ScalingFailed", "NodeReplacedTwice"]);
    expect(world.told[1]?.summary).toContain("web5");
    expect(world.started.at(-1)).toEqual(["web1", "web2", "web4", "web5"]);
    world.ends();
    await world.looks();
    expect(world.alerts).toEqual([]);
    expect(world.state.memory.replaced).toEqual({});
  });

  it("an old node that is sick is not replaced: it may be all of them", async () => {
    world.ends({ ok: false, kind: "failed", why: "web1", sick: ["web1"] }, names(4));
    world.sessions = 450;
    await world.looks(3);
    expect(world.started.at(-1)).toEqual(names(4));
    expect(world.alerts).toEqual(["ScalingFailed"]);
  });
});
