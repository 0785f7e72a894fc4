/** What must hold of every decision, on inputs that fast-check makes up. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, emptyMemory } from "../../../autoscaler/decide";
import type { Situation } from "../../../autoscaler/decide/situation";
import type { Look, Memory } from "../../../autoscaler/model";
import { each, look, NOW, type Seen, settings, situation } from "./situations";

const RUNS = { numRuns: 400 };
const LIMITS = { min: 2, max: 10 };
const size = fc.integer({ min: 2, max: 10 });
const configs = [
  settings(),
  settings({ scaleIn: { nodes: 3, windowSeconds: 60, perSeconds: 60 }, cooldownSeconds: 0 }),
  settings({ schedule: [{ cron: "0 9 * * *", floor: 5 }] }),
  settings({ schedule: [{ cron: "0 9 * * *", size: 4 }] }),
];

/** Loads of one look: sessions of each node, the queue, CPU. */
const load = (n: number) =>
  fc.record({
    sessions: fc.array(
      fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1500 })),
      {
        minLength: n,
        maxLength: n,
      },
    ),
    queue: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
    cpu: fc.double({ min: 0, max: 1, noNaN: true }),
  });

const memory = fc
  .record({
    asked: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 }),
      fc.constant(Array<number>(12).fill(2)),
    ),
    removed: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 3 }),
    changed: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
    short: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
  })
  .map(({ asked, removed, changed, short }): Memory => ({
    ...emptyMemory(),
    asked: asked.map((n, i) => ({ at: NOW - (asked.length - i) * 30_000, size: n })),
    removals: removed.sort((a, b) => b - a).map((s) => NOW - s * 1000),
    ...(changed !== undefined && { changed: NOW - changed * 1000 }),
    ...(short !== undefined && { short: NOW - short * 1000 }),
  }));

const situations = fc
  .tuple(size, fc.constantFrom(...configs), memory)
  .chain(([n, config, remembered]) =>
    fc
      .tuple(load(n), fc.array(fc.boolean(), { minLength: n, maxLength: n }))
      .map(([seen, down]): Situation =>
        situation({
          look: look(NOW, {
            ...seen,
            sessions: seen.sessions.map((x, i) => (down[i] && i > 0 ? -1 : x)),
          }),
          size: n,
          limits: LIMITS,
          settings: config,
          memory: remembered,
        }),
      ),
  );

const more = fc.record({
  queue: fc.integer({ min: 0, max: 100 }),
  cpu: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Something that the look lacks. */
const gaps: ((seen: Look) => Look)[] = [
  (seen) => ({ ...seen, backends: [], cpu: {} }),
  (seen) => ({ ...seen, proxies: { ...seen.proxies, haproxy2: "no answer" } }),
  (seen) => ({ ...seen, backends: seen.backends.map((b) => ({ ...b, at: NOW - 3_600_000 })) }),
  (seen) => ({ ...seen, cpu: {} }),
];

describe("every decision", () => {
  it("is within the limits", () => {
    fc.assert(
      fc.property(situations, (s) => {
        const { target } = decide(s).decision;
        expect(target).toBeGreaterThanOrEqual(LIMITS.min);
        expect(target).toBeLessThanOrEqual(LIMITS.max);
      }),
      RUNS,
    );
  });

  it("is not smaller than the pool when anything is missing", () => {
    fc.assert(
      fc.property(situations, fc.constantFrom(...gaps), (s, gap) => {
        const { decision } = decide({ ...s, look: gap(s.look) });
        expect(decision.target).toBeGreaterThanOrEqual(s.size);
        expect(decision.brakes[0]?.brake).toBe("metrics");
      }),
      RUNS,
    );
  });

  it("is not smaller for more load", () => {
    fc.assert(
      fc.property(
        situations,
        fc.integer({ min: 0, max: 900 }),
        more,
        (s, sessions, { queue, cpu }) => {
          const loaded: Look = {
            ...s.look,
            backends: s.look.backends.map((b) => ({
              ...b,
              queue: b.queue + queue,
              servers: b.servers.map((x, i) =>
                i === 0 ? { ...x, sessions: x.sessions + sessions } : x,
              ),
            })),
            cpu: Object.fromEntries(
              Object.entries(s.look.cpu).map(([m, x]) => [m, { ...x, value: x.value + cpu }]),
            ),
          };
          const [less, most] = [decide(s).decision, decide({ ...s, look: loaded }).decision];
          expect(most.target).toBeGreaterThanOrEqual(less.target);
          expect(most.wanted).toBeGreaterThanOrEqual(less.wanted);
        },
      ),
      RUNS,
    );
  });

  it("removes at most what the budget leaves, and nothing in the cooldown", () => {
    fc.assert(
      fc.property(situations, (s) => {
        const { nodes, perSeconds } = s.settings.scaleIn;
        const { decision, memory } = decide(s);
        if (decision.target >= s.size) return;
        expect(
          memory.removals.filter((at) => at > NOW - perSeconds * 1000).length,
        ).toBeLessThanOrEqual(nodes);
        expect(NOW - (s.memory.changed ?? 0)).toBeGreaterThanOrEqual(
          s.settings.cooldownSeconds * 1000,
        );
      }),
      RUNS,
    );
  });

  it("is the same when it is played again from what was logged", () => {
    fc.assert(
      fc.property(situations, (s) => {
        const copy = JSON.parse(JSON.stringify(s)) as Situation;
        expect(JSON.stringify(decide(copy))).toBe(JSON.stringify(decide(s)));
      }),
      RUNS,
    );
  });
});

describe("a load that stays about where it is", () => {
  it("moves the pool in one direction only", () => {
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 0, max: 6000 }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        fc.array(fc.double({ min: 0.92, max: 1.08, noNaN: true }), {
          minLength: 40,
          maxLength: 80,
        }),
        (start, sessions, busy, noise) => {
          const sizes = play(start, noise, (k, n) => ({
            sessions: each(n, (sessions * k) / n),
            cpu: Math.min(1, (busy * k) / n),
          }));
          const moves = sizes.slice(1).map((n, i) => Math.sign(n - (sizes[i] ?? n)));
          expect(new Set(moves.filter((m) => m !== 0)).size).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** The sizes that a pool takes, look by look; each change is done by the next one. */
function play(start: number, noise: number[], load: (k: number, n: number) => Seen): number[] {
  let [n, memory] = [start, emptyMemory()];
  return noise.map((k, i) => {
    const seen = look(NOW + i * 30_000, load(k, n));
    const next = decide(situation({ look: seen, size: n, limits: LIMITS, memory }));
    ({ memory } = next);
    n = next.decision.target;
    return n;
  });
}
