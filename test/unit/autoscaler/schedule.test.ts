import { describe, expect, it } from "vitest";
import { decide, emptyMemory } from "../../../autoscaler/decide";
import { levelAt } from "../../../autoscaler/decide/schedule";
import { asked, each, look, NOW, settings, situation } from "./situations";

const at = (when: string, more: unknown) => levelAt(Date.parse(when), settings(more));
const ms = (when: string) => Date.parse(when);

/** Working days of an office in Seoul. */
const office = {
  schedule: [
    { cron: "0 9 * * 1-5", floor: 5 },
    { cron: "0 19 * * 1-5", floor: 2 },
  ],
};

describe("the schedule's level", () => {
  it("holds from its time, to the millisecond, to that of the next", () => {
    expect(at("2026-11-25T08:59:59.999+09:00", office)?.floor).toBe(2);
    expect(at("2026-11-25T09:00:00.000+09:00", office)).toEqual({
      cron: "0 9 * * 1-5",
      floor: 5,
      until: ms("2026-11-25T19:00+09:00"),
    });
    expect(at("2026-11-25T18:59:59.999+09:00", office)?.floor).toBe(5);
    expect(at("2026-11-25T19:00:00.000+09:00", office)?.floor).toBe(2);
  });

  it("is known to a service that starts in the middle, also over a weekend", () => {
    expect(at("2026-11-25T09:10+09:00", office)?.floor).toBe(5);
    expect(at("2026-11-29T12:00+09:00", office)).toMatchObject({
      floor: 2,
      until: ms("2026-11-30T09:00+09:00"),
    });
  });

  it("is the same for who asks again and again as for who asks once", () => {
    const holiday = settings({ ...office, exceptions: ["2026-11-26"] });
    const week = Array.from(
      { length: 24 * 8 },
      (_, i) => ms("2026-11-23T00:00:30+09:00") + i * 3_600_000,
    );
    const once = week.map((now) => levelAt(now, { ...holiday }));
    expect(week.map((now) => levelAt(now, holiday))).toEqual(once);
    // Also where the clock is put back.
    expect(week.reverse().map((now) => levelAt(now, holiday))).toEqual(once.reverse());
  });

  it("goes over midnight, and of two at one time takes the larger", () => {
    const night = { schedule: [{ cron: "0 22 * * *", size: 2 }] };
    expect(at("2026-11-25T03:00+09:00", night)).toMatchObject({ size: 2 });
    const both = [
      { cron: "0 9 * * *", floor: 3 },
      { cron: "0 9 * * 3", floor: 6 },
    ];
    expect(at("2026-11-25T10:00+09:00", { schedule: both })?.floor).toBe(6);
    expect(at("2026-11-25T10:00+09:00", { schedule: both.reverse() })?.floor).toBe(6);
  });

  it("there is none on an exception day of its zone, which ends what holds; the day after goes on with the newest before", () => {
    const holiday = { ...office, exceptions: ["2026-11-26"] };
    expect(at("2026-11-25T20:00+09:00", holiday)).toMatchObject({
      floor: 2,
      until: ms("2026-11-26T00:00+09:00"),
    });
    expect(at("2026-11-26T00:00+09:00", holiday)).toBeUndefined();
    expect(at("2026-11-26T23:59+09:00", holiday)).toBeUndefined();
    const growing = { schedule: [{ cron: "0 9 * * *", floor: 5 }], exceptions: ["2026-11-26"] };
    expect(at("2026-11-27T00:00+09:00", growing)?.floor).toBe(5);
    // What would have come due on it has not: without Thursday's entry, Wednesday's goes on.
    const change = {
      schedule: [
        { cron: "0 9 * * 3", floor: 4 },
        { cron: "0 22 * * 4", floor: 7 },
      ],
      exceptions: ["2026-11-26"],
    };
    expect(at("2026-11-27T10:00+09:00", change)?.floor).toBe(4);
    expect(at("2026-11-27T10:00+09:00", { ...change, exceptions: [] })?.floor).toBe(7);
    // The last one before it is late in the evening.
    const late = { schedule: [{ cron: "*/30 22-23 * * *", floor: 3 }], exceptions: ["2026-11-26"] };
    expect(at("2026-11-27T10:00+09:00", late)?.floor).toBe(3);
    const hours = {
      schedule: [
        { cron: "0 1 * * *", floor: 2 },
        { cron: "0 23 * * *", floor: 6 },
      ],
      exceptions: ["2026-11-26"],
    };
    expect(at("2026-11-27T00:30+09:00", hours)?.floor).toBe(6);
    // Not a whole day further back than that day's begin.
    const evening = {
      schedule: [
        { cron: "0 22 * * *", floor: 6 },
        { cron: "0 10 25 11 *", floor: 3 },
      ],
      exceptions: ["2026-11-26"],
    };
    expect(at("2026-11-27T00:30+09:00", evening)?.floor).toBe(6);
    const minutes = {
      schedule: [{ cron: "* * * * 4", size: 9 }],
      exceptions: ["2026-11-26", "2026-11-19"],
    };
    expect(at("2026-11-27T00:00+09:00", minutes)?.size).toBe(9);
    expect(at("2026-11-27T00:00+09:00", { ...minutes, schedule: [] })).toBeUndefined();
    const far = { ...office, exceptions: ["2028-02-29"] };
    expect(at("2028-02-28T20:00+09:00", far)?.until).toBe(ms("2028-02-29T00:00+09:00"));
    expect(at("2026-11-25T20:00+09:00", far)?.until).toBe(ms("2026-11-26T09:00+09:00"));
  });

  it("follows the clocks of its zone when they change", () => {
    const berlin = { ...office, timeZone: "Europe/Berlin" };
    // Friday before and Monday after: 09:00 is at 08:00 and at 07:00 UTC.
    expect(at("2026-03-27T07:59:59Z", berlin)?.floor).toBe(2);
    expect(at("2026-03-27T08:00:00Z", berlin)?.floor).toBe(5);
    expect(at("2026-03-30T06:59:59Z", berlin)?.floor).toBe(2);
    expect(at("2026-03-30T07:00:00Z", berlin)?.floor).toBe(5);
    expect(at("2026-10-26T07:59:59Z", berlin)?.floor).toBe(2);
    expect(at("2026-10-26T08:00:00Z", berlin)?.floor).toBe(5);
    expect(at("2026-11-25T00:00:00Z", office)?.floor).toBe(5);
  });

  it("a time that the clocks skip is the moment they do, one that comes twice counts once", () => {
    const night = {
      timeZone: "Europe/Berlin",
      schedule: [
        { cron: "0 0 * * *", floor: 2 },
        { cron: "30 2 * * *", floor: 4 },
        { cron: "45 2 * * *", floor: 3 },
      ],
    };
    expect(at("2026-03-29T00:59:59Z", night)?.floor).toBe(2);
    expect(at("2026-03-29T01:00:00Z", night)?.floor).toBe(4);
    expect(at("2026-03-29T02:00:00Z", night)?.floor).not.toBe(2);
    expect(at("2026-10-25T00:29:59Z", night)?.floor).toBe(2);
    expect(at("2026-10-25T00:30:00Z", night)?.floor).toBe(4);
    expect(at("2026-10-25T00:45:00Z", night)?.floor).toBe(3);
    // 02:30 for the second time.
    expect(at("2026-10-25T01:30:00Z", night)?.floor).toBe(3);
  });

  it("an exception day begins where the clocks skip its midnight", () => {
    // Chile's clocks went from 00:00 to 01:00.
    const chile = {
      timeZone: "America/Santiago",
      schedule: [{ cron: "0 12 * * *", floor: 4 }],
      exceptions: ["2026-09-06"],
    };
    expect(at("2026-09-06T03:59:59Z", chile)).toMatchObject({
      floor: 4,
      until: ms("2026-09-06T04:00:00Z"),
    });
    expect(at("2026-09-06T04:00:00Z", chile)).toBeUndefined();
    expect(at("2026-09-07T03:00:00Z", chile)?.floor).toBe(4);
  });
});

describe("decisions with a schedule", () => {
  const idle = (n: number) => ({ look: look(NOW, { sessions: each(n, 5) }) });

  it("the floor grows the pool at once, and load beyond it", () => {
    const { decision } = decide(situation({ ...idle(2), settings: settings(office) }));
    expect(decision).toMatchObject({
      target: 5,
      brakes: [{ brake: "schedule", limit: 5, until: NOW + 9 * 3_600_000 }],
    });
    expect(decision.votes.at(-1)).toEqual({ rule: "schedule", wanted: 5, of: "0 9 * * 1-5" });
    const loaded = look(NOW, { sessions: each(5, 600) });
    expect(decide(situation({ look: loaded, settings: settings(office) })).decision.target).toBe(6);
  });

  it("the floor waits for the cooldown, and holds a scale-in", () => {
    const memory = { ...emptyMemory(), changed: NOW - 10_000 };
    expect(
      decide(situation({ ...idle(2), settings: settings(office), memory })).decision.target,
    ).toBe(2);
    const ready = { ...emptyMemory(), asked: asked(2) };
    expect(
      decide(situation({ ...idle(5), settings: settings(office), memory: ready })).decision.target,
    ).toBe(5);
  });

  it("the end of a window cuts nothing: the ordinary scale-in follows, one by one", () => {
    let memory = { ...emptyMemory(), asked: asked(5) };
    let size = 5;
    const sizes = new Map<number, number>();
    for (let s = 0; s <= 1500; s += 30) {
      const now = Date.parse("2026-11-25T19:00+09:00") + s * 1000;
      if (s === 0) memory = { ...memory, asked: asked(5, now) };
      const seen = look(now, { sessions: each(size, 5) });
      const next = decide(situation({ look: seen, settings: settings(office), memory }));
      ({ memory } = next);
      size = next.decision.target;
      sizes.set(s, size);
    }
    expect([0, 270, 300, 570, 600, 900, 1500].map((s) => sizes.get(s))).toEqual([
      5, 5, 4, 4, 3, 2, 2,
    ]);
  });

  it("a fixed size is the size, whatever the load; smaller within the budget, and never blindly", () => {
    const fixed = settings({ schedule: [{ cron: "0 9 * * *", size: 3 }] });
    const busy = look(NOW, { sessions: each(2, 900) });
    expect(decide(situation({ look: busy, settings: fixed })).decision).toMatchObject({
      target: 3,
      brakes: [{ brake: "schedule", limit: 3 }],
    });
    const six = look(NOW, { sessions: each(6, 300) });
    expect(decide(situation({ look: six, settings: fixed })).decision.target).toBe(5);
    const blind = { ...six, backends: [] };
    expect(decide(situation({ look: blind, size: 6, settings: fixed })).decision.target).toBe(6);
  });
});
