import { describe, expect, it } from "vitest";
import { autoscalerSchema } from "../../../components/web/autoscaler";
import { compare, table } from "../../../autoscaler/replay/compare";
import { MODEL, type Outcome, play } from "../../../autoscaler/replay/play";
import type { Policy } from "../../../autoscaler/replay/policies";
import {
  LIMITS,
  madeDays,
  type Moment,
  recorded,
  SCHEDULE,
} from "../../../autoscaler/replay/trace";
import { decide } from "../../../autoscaler/decide";
import { each, look, NOW, situation } from "./situations";

const settings = autoscalerSchema.parse({ schedule: SCHEDULE });
/** So many sessions for a while, s. */
const load = (...parts: [seconds: number, sessions: number][]): Moment[] => {
  let at = NOW;
  const moments = parts.map(([seconds, sessions]) => {
    const moment = { at, sessions, busy: sessions / 750 };
    at += seconds * 1000;
    return moment;
  });
  return [...moments, { at, sessions: 0, busy: 0 }];
};

describe("how a day is played", () => {
  it("counts servers from the decision on, overload while requests wait, and changes", () => {
    const once: Policy = { name: "once", want: ({ now, size }) => (now > NOW ? 4 : size) };
    const outcome = play(load([3600, 2000]), once, 2);
    expect(outcome.changes).toBe(1);
    // The second look is after 30 s; 60 s later four serve, who take 2400.
    expect(outcome.serverHours).toBeCloseTo(4 - (2 * 30) / 3600, 2);
    expect(outcome.overloadMinutes).toBeCloseTo(1.5, 6);
  });

  it("begins no update while one runs", () => {
    const more: Policy = { name: "more", want: ({ size }) => size + 1 };
    expect(play(load([90, 100]), more, 2).changes).toBe(2);
    expect(play(load([90, 100]), more, 2, { ...MODEL, makeSeconds: 30 }).changes).toBe(3);
  });

  it("removes from those that serve at once", () => {
    const seen: number[] = [];
    const less: Policy = {
      name: "less",
      want: ({ now, serving, size }) => (seen.push(serving), now === NOW ? 2 : size),
    };
    play(load([90, 100]), less, 5, { ...MODEL, removeSeconds: 45 });
    expect(seen).toEqual([5, 2, 2]);
  });

  it("is a log of decisions, of the backend that had most", () => {
    const seen = look(
      NOW,
      { sessions: each(2, 300), cpu: 0.5, backend: "auth" },
      { sessions: each(2, 550), queue: 40, backend: "jobs" },
    );
    const { decision } = decide(situation({ look: seen }));
    const blind = { ...decision, look: { ...seen, backends: [] } };
    expect(recorded([decision, blind])).toEqual([{ at: NOW, sessions: 1140, busy: 1 }]);
  });
});

describe("this autoscaler beside others", () => {
  const outcomes = compare(madeDays().slice(0, 4), LIMITS, settings);
  const [plain, scheduled, hpa, thresholds, fixed] = outcomes as [
    Outcome,
    Outcome,
    Outcome,
    Outcome,
    Outcome,
  ];
  const others = [hpa, thresholds, fixed];

  it("has the least overload, the fewest changes of those that change, and is not the worst in hours", () => {
    for (const own of [plain, scheduled]) {
      for (const other of others) {
        expect(own.overloadMinutes, other.name).toBeLessThanOrEqual(other.overloadMinutes);
      }
      expect(own.changes).toBeLessThan(Math.min(hpa.changes, thresholds.changes));
      expect(own.serverHours).toBeLessThan(Math.max(...others.map((o) => o.serverHours)));
    }
    expect(scheduled.overloadMinutes).toBe(0);
    expect(fixed.changes).toBe(0);
  });

  it("is printed as a table", () => {
    expect(table(outcomes).split("\n")).toHaveLength(7);
    expect(table(outcomes)).toContain("| this autoscaler with a schedule |");
  });
});
