import { describe, expect, it } from "vitest";
import { decide, emptyMemory } from "../../../autoscaler/decide";
import type { Situation } from "../../../autoscaler/decide/situation";
import { victims } from "../../../autoscaler/decide/victims";
import type { Memory } from "../../../autoscaler/model";
import { asked, each, look, NOW, type Seen, settings, situation } from "./situations";

const memory = (more: Partial<Memory>): Memory => ({ ...emptyMemory(), ...more });
const at = (more: Partial<Situation>, ...seen: Seen[]) =>
  decide(situation({ look: look(NOW, ...seen), ...more }));
const target = (more: Partial<Situation>, ...seen: Seen[]) => at(more, ...seen).decision.target;
const brakes = (more: Partial<Situation>, ...seen: Seen[]) =>
  at(more, ...seen).decision.brakes.map(({ brake }) => brake);

describe("growth", () => {
  it("is as many nodes at once as bring the sessions to their goal", () => {
    expect(target({}, { sessions: each(2, 600) })).toBe(3);
    expect(target({}, { sessions: each(2, 1400) })).toBe(6);
  });

  it("does not follow what is within the tolerance, and says so", () => {
    expect(at({}, { sessions: each(2, 550) }).decision).toMatchObject({
      target: 2,
      brakes: [{ brake: "tolerance" }],
    });
    expect(target({}, { sessions: [550, 551] })).toBe(3);
  });

  it("follows the backend that needs most", () => {
    const { decision } = at(
      {},
      { sessions: each(2, 600), backend: "auth" },
      { sessions: each(2, 1400), backend: "jobs" },
      { sessions: each(2, 3), backend: "files" },
    );
    expect(decision.target).toBe(6);
    expect(decision.votes[0]).toMatchObject({ of: "jobs", value: 1400, goal: 500, wanted: 6 });
  });

  it("is one node for a queue above its goal, more for a longer one, and at most as many as serve", () => {
    expect(target({}, { sessions: each(4, 100), queue: 20 })).toBe(4);
    expect(target({}, { sessions: each(4, 100), queue: 21 })).toBe(5);
    expect(target({}, { sessions: each(4, 100), queue: 65 })).toBe(7);
    expect(target({}, { sessions: each(4, 100), queue: 5000 })).toBe(8);
  });

  it("follows the processors' mean", () => {
    expect(target({}, { sessions: each(4, 100), cpu: 0.76 })).toBe(4);
    expect(target({}, { sessions: each(4, 100), cpu: 0.78 })).toBe(5);
    expect(target({}, { sessions: each(4, 100), cpu: 1 })).toBe(6);
  });

  it("counts a node that is being made once", () => {
    const seen = { sessions: [...each(3, 900), -1, -1, -1] };
    expect(target({}, seen)).toBe(6);
    expect(target({}, { ...seen, sessions: [...each(3, 1100), -1, -1, -1] })).toBe(7);
  });

  it("is never less than there is, however few of it serve", () => {
    const few = { sessions: [700, 700, -1, -1, -1, -1] };
    const ready = { memory: memory({ asked: asked(3) }) };
    expect(target(ready, few)).toBe(6);
    expect(target(ready, { ...few, sessions: [9, 9, -1, -1, -1, -1], queue: 21 })).toBe(6);
    expect(target(ready, { ...few, sessions: [9, 9, -1, -1, -1, -1], cpu: 0.9 })).toBe(6);
  });

  it("makes up for a node that is lost, not for one that was restarted", () => {
    const seen = { sessions: [900, -1] };
    const since = (s: number) => ({ memory: memory({ short: NOW - s * 1000 }) });
    expect(target({}, seen)).toBe(2);
    expect(target(since(60), seen)).toBe(2);
    expect(target(since(90), seen)).toBe(3);
    expect(at({}, seen).memory.short).toBe(NOW);
    expect(at(since(60), { sessions: each(2, 90) }).memory.short).toBeUndefined();
    expect(at({ update: { since: NOW }, ...since(60) }, seen).memory.short).toBeUndefined();
  });

  it("ends at the maximum, and remembers since when that was too little", () => {
    const seen = { sessions: each(10, 900) };
    const first = at({}, seen);
    expect(first.decision).toMatchObject({
      target: 10,
      wanted: 18,
      brakes: [{ brake: "maximum", limit: 10 }],
    });
    expect(first.memory.saturated).toBe(NOW);
    const later = { memory: memory({ saturated: NOW - 60_000 }) };
    expect(at(later, seen).memory.saturated).toBe(NOW - 60_000);
    expect(at(later, { sessions: each(10, 90) }).memory.saturated).toBeUndefined();
    expect(target({ size: 1 }, { sessions: [10] })).toBe(2);
  });
});

describe("scale-in", () => {
  const quiet = { sessions: each(5, 20) };
  const ready = { memory: memory({ asked: asked(2) }) };

  it("is one node, after a window that asked for less", () => {
    expect(target(ready, quiet)).toBe(4);
    expect(target({ ...ready, settings: settings({ scaleIn: { nodes: 3 } }) }, quiet)).toBe(2);
  });

  it("waits for the window's end, also with nothing known of the time before", () => {
    const nearly = asked(2).filter((a) => a.at > NOW - 290_000);
    expect(at({ memory: memory({ asked: nearly }) }, quiet).decision).toMatchObject({
      target: 5,
      brakes: [{ brake: "window", until: NOW + 30_000 }],
    });
    expect(brakes({}, quiet)).toEqual(["window"]);
  });

  it("is held by one look in the window that asked for more, until that has left it", () => {
    const disturbed = asked(2).map((a) => (a.at === NOW - 120_000 ? { ...a, size: 5 } : a));
    expect(at({ memory: memory({ asked: disturbed }) }, quiet).decision).toMatchObject({
      target: 5,
      brakes: [{ brake: "window", until: NOW + 210_000 }],
    });
  });

  it("goes no further than the most that was asked for in the window", () => {
    const four = asked(2).map((a) => (a.at === NOW - 120_000 ? { ...a, size: 4 } : a));
    const quick = settings({ scaleIn: { nodes: 3 } });
    expect(target({ memory: memory({ asked: four }), settings: quick }, quiet)).toBe(4);
  });

  it("begins its window anew after a gap, of which nothing is known", () => {
    const old = asked(2).map((a) => ({ ...a, at: a.at - 100_000 }));
    expect(brakes({ memory: memory({ asked: old }) }, quiet)).toEqual(["window"]);
  });

  it("keeps its window where looks are rarer than numbers may be old", () => {
    const rare = settings({ everySeconds: 300, staleSeconds: 90 });
    const old = asked(2).map((a) => ({ ...a, at: a.at - 270_000 }));
    expect(target({ memory: memory({ asked: old }), settings: rare }, quiet)).toBe(4);
  });

  it("needs every backend below its threshold, and nothing that waits", () => {
    expect(target(ready, { sessions: each(5, 51) })).toBe(5);
    expect(target(ready, quiet, { sessions: each(5, 51), backend: "jobs" })).toBe(5);
    expect(target(ready, { ...quiet, queue: 1 })).toBe(5);
    expect(target(ready, { sessions: [60, 60, 60, -1, -1] })).toBe(5);
  });

  it("does not take what the goal needs, where the two are near each other", () => {
    const near = settings({ scaleIn: { connections: 400, nodes: 3 } });
    expect(target({ ...ready, settings: near }, { sessions: each(5, 202) })).toBe(3);
  });

  it("leaves the processors below their tolerance band", () => {
    expect(target(ready, { ...quiet, cpu: 0.52 })).toBe(5);
    expect(target(ready, { ...quiet, cpu: 0.5 })).toBe(4);
  });

  it("keeps to its budget over time", () => {
    const spent = memory({ asked: asked(2), removals: [NOW - 100_000] });
    expect(at({ memory: spent }, quiet).decision).toMatchObject({
      target: 5,
      brakes: [{ brake: "budget", until: NOW + 200_000 }],
    });
    const over = memory({ asked: asked(2), removals: [NOW - 300_000] });
    expect(at({ memory: over }, quiet).memory.removals).toEqual([NOW]);
  });

  it("rests after a change; overload does not", () => {
    const changed = memory({ asked: asked(2), changed: NOW - 20_000 });
    expect(at({ memory: changed }, quiet).decision).toMatchObject({
      target: 5,
      brakes: [{ brake: "cooldown", until: NOW + 40_000 }],
    });
    expect(target({ memory: changed }, { sessions: each(5, 900) })).toBe(9);
  });

  it("ends at the minimum", () => {
    const done = { memory: memory({ asked: asked(1) }) };
    expect(at(done, { sessions: each(2, 5) }).decision).toMatchObject({
      target: 2,
      brakes: [{ brake: "minimum", limit: 2 }],
    });
  });

  it("follows a lowered maximum within its budget, whatever the load", () => {
    expect(target({ limits: { min: 2, max: 4 } }, { sessions: each(6, 450) })).toBe(5);
  });

  it("takes who does not serve, then who has least, then the highest number", () => {
    const seen = look(NOW, { sessions: [10, 3, 3, -1] }, { sessions: [0, 5, 5, 9], backend: "b" });
    const pool = ["web1", "web2", "web3", "web4"];
    expect(victims(seen, pool, 2)).toEqual(["web4", "web3"]);
    expect(victims(seen, pool, 4)).toEqual(["web4", "web3", "web2", "web1"]);
    expect(victims(look(NOW, { sessions: [1, 2, 3] }), pool.slice(0, 3), 1)).toEqual(["web1"]);
    expect(victims(seen, [...pool, "web10"], 1)).toEqual(["web10"]);
    expect(victims(seen, pool, 0)).toEqual([]);
  });
});

describe("metrics that are missing", () => {
  const ready = { memory: memory({ asked: asked(2) }) };
  const seen = look(NOW, { sessions: each(5, 20) });

  it.each([
    ["no HAProxy node answers", { ...seen, backends: [] }, "statistics of HAProxy"],
    [
      "one HAProxy node does not answer",
      { ...seen, proxies: { haproxy1: "no route" } },
      "haproxy1: no route",
    ],
    ["CPU of a node", look(NOW, { sessions: each(5, 20), cpu: undefined }), "CPU of web1"],
    [
      "statistics are old",
      { ...seen, backends: seen.backends.map((b) => ({ ...b, at: NOW - 91_000 })) },
      "statistics of auth",
    ],
    [
      "CPU is old",
      { ...seen, cpu: { ...seen.cpu, web3: { value: 0, at: NOW - 91_000 } } },
      "CPU of web3",
    ],
  ])("keep the size: %s", (_, look, what) => {
    const { decision, memory } = decide(situation({ look, size: 5, ...ready }));
    expect(decision.target).toBe(5);
    expect(decision.brakes).toEqual([
      { brake: "metrics", missing: expect.arrayContaining([what]) as string[] },
    ]);
    expect(memory.missing).toBe(NOW);
    // And the window begins anew once they are back.
    expect(memory.asked.at(-1)).toEqual({ at: NOW, size: 5 });
  });

  it("do not keep the rules whose numbers are there from growing the pool, nor the schedule", () => {
    expect(target({}, { sessions: each(2, 900), cpu: undefined })).toBe(4);
    const floor = settings({ schedule: [{ cron: "0 9 * * *", floor: 5 }] });
    const nothing = { ...seen, backends: [] };
    expect(decide(situation({ look: nothing, size: 2, settings: floor })).decision.target).toBe(5);
  });

  it("do not count as a node that is lost", () => {
    const nothing = { ...seen, backends: [] };
    expect(decide(situation({ look: nothing, size: 2 })).memory.short).toBeUndefined();
  });

  it("a backend of which nobody serves says nothing: no growth, no scale-in", () => {
    const down = { sessions: each(5, -1), queue: 90 };
    expect(target(ready, { sessions: each(5, 20) }, { ...down, backend: "jobs" })).toBe(5);
  });
});

describe("what a person says", () => {
  it("a hold is the size until its end, within the limits, and at once", () => {
    const hold = { size: 3, until: NOW + 1000, by: "kim" };
    expect(at({ memory: memory({ hold }) }, { sessions: each(6, 900) }).decision).toMatchObject({
      target: 3,
      brakes: [{ brake: "hold", size: 3, until: NOW + 1000 }],
    });
    const large = { ...hold, size: 40 };
    expect(target({ memory: memory({ hold: large }) }, { sessions: each(6, 9) })).toBe(10);
    const over = at(
      { memory: memory({ hold: { ...hold, until: NOW } }) },
      { sessions: each(6, 90) },
    );
    expect(over.decision.target).toBe(6);
    expect(over.memory.hold).toBeUndefined();
  });

  it("paused, or while an update runs, nothing changes and what was wanted is said", () => {
    const paused = memory({ paused: { at: NOW, by: "kim" } });
    expect(at({ memory: paused }, { sessions: each(2, 900) }).decision).toMatchObject({
      target: 2,
      wanted: 4,
      brakes: [{ brake: "paused" }],
    });
    expect(
      at({ update: { since: NOW - 5000 } }, { sessions: each(2, 900) }).decision,
    ).toMatchObject({ target: 2, wanted: 4, brakes: [{ brake: "update", since: NOW - 5000 }] });
  });

  it("rests altogether after an update that could not be done", () => {
    const busy = { sessions: each(2, 900) };
    expect(at({ rest: NOW + 20_000 }, busy).decision).toMatchObject({
      target: 2,
      wanted: 4,
      brakes: [{ brake: "cooldown", until: NOW + 20_000 }],
    });
    expect(target({ rest: NOW }, busy)).toBe(4);
  });
});
