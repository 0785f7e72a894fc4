import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alert, Decision, Look } from "../../../autoscaler/model";
import { callService } from "../../../autoscaler/service/client";
import { loop } from "../../../autoscaler/service/loop";
import { type Parts, Service } from "../../../autoscaler/service/service";
import { listen } from "../../../autoscaler/service/socket";
import { emptyState, type State, stateFile } from "../../../autoscaler/service/state";
import type { ServiceSettings } from "../../../autoscaler/settings";
import type { Result } from "../../../autoscaler/updates";
import type { ImageRefresh } from "../../../lib/imageRefresh";
import { look as lookOf, NOW, type Seen, settings as configOf } from "./situations";

const all = Array.from({ length: 10 }, (_, i) => ({
  name: `web${i + 1}`,
  address: `192.0.2.${i + 21}`,
}));
const siteOf = (pool: string[], config: unknown = {}): ServiceSettings => ({
  site: "hpc-ha-test",
  stack: "test",
  projectRoot: "/clone",
  home: "/home",
  config: configOf(config),
  limits: { min: 2, max: 10 },
  entry: [{ name: "haproxy1", address: "192.0.2.11" }],
  monitors: [],
  web: all,
  pool,
  backends: ["auth"],
  ports: {},
  ssh: { user: "root", privateKeyFile: "/key", knownHostsFile: "/known" },
  console: { address: "127.0.0.1", users: [], tls: { cert: "c", key: "k" } },
});
const names = (n: number): string[] => all.slice(0, n).map(({ name }) => name);

/** A site that the service works on, with a clock that only the test moves. */
class World {
  now = NOW;
  pool = names(2);
  /** What the next looks see: sessions of each node. */
  sessions = 100;
  seen: Partial<Seen> = {};
  lacking: Partial<Look> = {};
  state: State = emptyState();
  config: unknown = {};
  changed = false;
  broken: string | undefined;
  running: { since: number; what: string } | undefined;
  result: Result | undefined;
  refuses: string | undefined;
  image: ImageRefresh | undefined;
  started: string[][] = [];
  asked: string[][] = [];
  decisions: Decision[] = [];
  told: Alert[] = [];
  said: string[] = [];
  /** What was done, in its order. */
  order: string[] = [];
  service = this.start();

  /** Another process. */
  start(dryRun = false): Service {
    const parts: Parts = {
      store: {
        read: () => structuredClone(this.state),
        write: (state) => {
          this.order.push(state.update ? "state with update" : "state");
          this.state = structuredClone(state);
        },
      },
      now: () => this.now,
      chance: () => 0.5,
      settings: (surely) => {
        if (this.broken !== undefined) return Promise.reject(new Error(this.broken));
        const news = this.changed || surely;
        this.changed = false;
        return Promise.resolve(news ? siteOf(this.pool, this.config) : undefined);
      },
      look: (_, pool, at) => {
        this.asked.push(pool);
        const sessions = pool.map((name) => (this.pool.includes(name) ? this.sessions : -1));
        return Promise.resolve({ ...lookOf(at, { sessions, ...this.seen }), ...this.lacking });
      },
      updates: {
        running: () => this.running,
        start: (pool) => {
          this.order.push("start");
          if (this.refuses !== undefined) return Promise.reject(new Error(this.refuses));
          this.started.push(pool);
          this.running = { since: this.now, what: pool.join() };
          return Promise.resolve();
        },
        finished: () => {
          const { result } = this;
          this.result = undefined;
          return Promise.resolve(result);
        },
      },
      image: () => this.image,
      decisions: {
        append: (decision) => {
          this.order.push("decision");
          this.decisions.push(structuredClone(decision));
        },
        since: (at) => this.decisions.filter((d) => d.at >= at),
      },
      tell: (alerts) => {
        this.told = alerts;
        return Promise.resolve();
      },
      log: (text) => this.said.push(text),
      dryRun,
    };
    return new Service(parts, siteOf(this.pool, this.config));
  }

  /** So many looks, one every 30 s. */
  async looks(n = 1): Promise<void> {
    for (let i = 0; i < n; i++) {
      await this.service.look();
      this.now += 30_000;
    }
  }

  /** The update that runs has ended. @param pool what it left */
  ends(result: Partial<Result> = {}, pool = this.started.at(-1) ?? []): void {
    this.running = undefined;
    this.pool = pool;
    this.result = { at: this.now, ok: true, pool, ...result };
  }

  get last(): Decision | undefined {
    return this.decisions.at(-1);
  }

  get alerts(): string[] {
    return this.told.map(({ name }) => name);
  }

  get brakes(): string[] {
    return (this.last?.brakes ?? []).map(({ brake }) => brake);
  }
}

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
