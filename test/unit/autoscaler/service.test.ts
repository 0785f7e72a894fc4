import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callService } from "../../../autoscaler/service/client";
import { loop } from "../../../autoscaler/service/loop";
import { listen } from "../../../autoscaler/service/socket";
import { emptyState, stateFile } from "../../../autoscaler/service/state";
import { NOW } from "./situations";
import { names, World } from "./world";

let world: World;
beforeEach(() => {
  world = new World();
});

describe("people", () => {
  it("hold a size, and give it back", async () => {
    await world.service.order({ kind: "hold", size: 5, until: world.now + 3_600_000 }, "kim");
    await world.looks();
    expect(world.started).toEqual([names(5)]);
    world.ends();
    await world.service.order({ kind: "release" }, "kim");
    world.sessions = 10;
    await world.looks(25);
    expect(world.started.length).toBe(2);
    expect(world.said).toContain('kim: {"kind":"release"}');
  });

  it("pause it: it looks, says what it would do, and does nothing until resumed", async () => {
    await world.service.order({ kind: "pause" }, "kim");
    world.sessions = 900;
    await world.looks(3);
    expect(world.started).toEqual([]);
    expect(world.last).toMatchObject({ target: 2, wanted: 4 });
    expect(world.service.snapshot().running).toBe("paused");
    await world.service.order({ kind: "resume" }, "kim");
    await world.looks();
    expect(world.started).toHaveLength(1);
  });

  it("are refused what the limits do not allow", async () => {
    const order = { kind: "hold" as const, size: 11, until: world.now + 1000 };
    await expect(world.service.order(order, "kim")).rejects.toThrow("allowed is 2 to 10");
    expect(world.state.memory.hold).toBeUndefined();
  });

  it("do not wait for the next attempt", async () => {
    world.sessions = 900;
    await world.looks();
    world.ends({ ok: false, kind: "failed", why: "no" }, names(2));
    await world.looks();
    expect(world.state.rest).toBeDefined();
    await world.service.order({ kind: "hold", size: 3, until: world.now + 60_000 }, "kim");
    await world.looks();
    expect(world.started.at(-1)).toEqual(names(3));
  });
});

describe("the service's settings", () => {
  it("are taken over when they have changed", async () => {
    await world.looks();
    world.config = { goals: { connections: 60 }, scaleIn: { connections: 6 } };
    world.changed = true;
    await world.looks();
    expect(world.started).toEqual([names(4)]);
  });

  it("a pool that a person has changed is the pool", async () => {
    world.pool = names(6);
    world.changed = true;
    await world.looks();
    expect(world.last?.size).toBe(6);
  });

  it("while they cannot be read nothing is changed; people hear after ten minutes", async () => {
    world.broken = "no state";
    world.sessions = 900;
    await world.looks(20);
    expect(world.started).toEqual([]);
    expect(world.alerts).toEqual([]);
    await world.looks(2);
    expect(world.alerts).toEqual(["ScalingFailed"]);
    world.broken = undefined;
    await world.looks();
    expect(world.started).toHaveLength(1);
  });
});

describe("the service", () => {
  it("at its maximum and still overloaded tells after five minutes", async () => {
    world.pool = names(10);
    world.service = world.start();
    world.sessions = 900;
    await world.looks(10);
    expect(world.alerts).toEqual([]);
    await world.looks();
    expect(world.alerts).toEqual(["SaturatedAtMaximum"]);
    expect(world.told[0]?.summary).toContain("18 are needed");
  });

  it("tells that the timer could not build a new image, while there is one", async () => {
    world.image = { at: 1, why: "no mirror answers" };
    await world.looks();
    expect(world.alerts).toEqual([]);
    world.config = { imageDays: 7 };
    world.changed = true;
    await world.looks(2);
    expect(world.told).toMatchObject([
      {
        name: "ImageNotRefreshed",
        summary: expect.stringContaining("no mirror answers") as string,
      },
    ]);
    world.image = { at: 2 };
    await world.looks();
    expect(world.alerts).toEqual([]);
  });

  it("as a dry run only says what it would do", async () => {
    world.service = world.start(true);
    world.sessions = 900;
    await world.looks(5);
    expect(world.started).toEqual([]);
    expect(world.last).toMatchObject({ target: 4, size: 2 });
    // What is not done leaves no cooldown and uses up no budget.
    expect(world.state.memory.changed).toBeUndefined();
    expect(world.service.snapshot().running).toBe("dry-run");
    expect(world.said.filter((text) => text.startsWith("2 → 4"))).not.toEqual([]);
  });

  it("begins nothing that it could not write down, and looks on", async () => {
    world.sessions = 900;
    const append = world.decisions.push.bind(world.decisions);
    world.decisions.push = () => {
      throw new Error("disk full");
    };
    await world.looks(5);
    expect(world.started).toEqual([]);
    expect(world.alerts).toEqual(["ScalingFailed"]);
    expect(world.said.filter((text) => text.includes("disk full"))).toHaveLength(1);
    world.decisions.push = append;
    await world.looks();
    expect(world.started).toHaveLength(1);
    expect(world.alerts).toEqual([]);
  });

  it("has metrics as Prometheus reads them", async () => {
    world.sessions = 900;
    await world.looks();
    const text = await world.service.metrics();
    expect(text).toContain('hpc_ha_autoscaler_nodes{kind="target"} 4');
    expect(text).toContain('hpc_ha_autoscaler_state{state="updating"} 1');
    expect(text).toContain('hpc_ha_autoscaler_alert{alert="ScalingFailed"} 0');
    expect(text).toContain("hpc_ha_autoscaler_looks_total 1");
    world.ends({ ok: false, kind: "locked" });
    await world.looks();
    expect(await world.service.metrics()).toContain('updates_total{result="locked"} 1');
  });

  it("tells who listens, until they do not", async () => {
    let n = 0;
    const stop = world.service.subscribe(() => n++);
    await world.looks();
    expect(n).toBe(1);
    stop();
    await world.looks();
    expect(n).toBe(1);
  });
});

describe("its files, its socket and its loop", () => {
  let directory: string;
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-service-"));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  it("the state is the owner's alone, whole, and empty when it cannot be read", () => {
    const file = path.join(directory, "state.json");
    const store = stateFile(file);
    expect(store.read()).toEqual(emptyState());
    const state = { ...emptyState(), failures: 3 };
    store.write(state);
    expect(store.read()).toEqual(state);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(directory)).toEqual(["state.json"]);
    fs.writeFileSync(file, '{"memory":');
    expect(store.read()).toEqual(emptyState());
  });

  it("the socket takes orders and says how it is; nobody else may open it", async () => {
    const file = path.join(directory, "control.sock");
    await expect(callService(file).snapshot()).rejects.toThrow("does not run here");
    const socket = await listen(file, world.service);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const service = callService(file);
    await service.order({ kind: "pause" }, "kim");
    expect(await service.snapshot()).toMatchObject({ running: "paused", pool: names(2) });
    const large = { kind: "hold" as const, size: 99, until: world.now + 1000 };
    await expect(service.order(large, "kim")).rejects.toThrow("allowed is 2 to 10");
    await expect(service.order({ kind: "hold" } as never, "kim")).rejects.toThrow("Invalid");
    await expect(listen(file, world.service)).rejects.toThrow("another service");
    socket.close();
    // What a killed service leaves is in nobody's way.
    fs.writeFileSync(file, "");
    (await listen(file, world.service)).close();
  });

  it("looks again after its time, after an order at once, and ends after the look that goes on", async () => {
    world.config = { everySeconds: 0.05 };
    world.service = world.start();
    const end = new AbortController();
    const running = loop(world.service, end.signal);
    await expect.poll(() => world.decisions.length).toBeGreaterThan(2);
    end.abort();
    await running;
    const n = world.decisions.length;

    world.config = { everySeconds: 300 };
    world.service = world.start();
    const again = new AbortController();
    const second = loop(world.service, again.signal);
    await expect.poll(() => world.decisions.length).toBe(n + 1);
    await world.service.order({ kind: "pause" }, "kim");
    await expect.poll(() => world.decisions.length).toBe(n + 2);
    world.running = { since: NOW, what: "" };
    await world.service.order({ kind: "resume" }, "kim");
    await expect.poll(() => world.decisions.length).toBe(n + 3);
    world.running = undefined;
    await expect.poll(() => world.decisions.length, { timeout: 5000 }).toBe(n + 4);
    again.abort();
    await second;
  });
});
