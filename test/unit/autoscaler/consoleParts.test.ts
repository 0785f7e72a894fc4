import { describe, expect, it } from "vitest";
import { costOf, hashPassword, verifyPassword } from "../../../autoscaler/console/passwords";
import { Patience } from "../../../autoscaler/console/patience";
import { Sessions } from "../../../autoscaler/console/sessions";
import { Timeline } from "../../../autoscaler/console/timeline";
import type { Decision } from "../../../autoscaler/model";
import { checkOrder } from "../../../autoscaler/orders";
import { columns, nearest, within } from "../../../autoscaler/console/page/series";
import type { Row } from "../../../autoscaler/console/wire";
import { QUICK } from "../../support/console";

const HOUR = 3_600_000;

/** A clock that is set by hand. */
function clock() {
  const state = { now: 1_000_000 };
  return { read: () => state.now, pass: (seconds: number) => (state.now += seconds * 1000) };
}

describe("passwords", () => {
  it("are known again, and no other is", async () => {
    const hash = await hashPassword("비밀번호 of a viewer");
    expect(hash).toMatch(/^scrypt\$32768\$8\$3\$/);
    expect(await verifyPassword("비밀번호 of a viewer", hash)).toBe(true);
    // The same letters, put together otherwise by another keyboard.
    expect(await verifyPassword("비밀번호 of a viewer".normalize("NFD"), hash)).toBe(true);
    expect(await verifyPassword("비밀번호 of a viewer ", hash)).toBe(false);
  });

  it("have another hash each time, unless the salt is given", async () => {
    const hash = (salt?: Buffer) => hashPassword("x", salt, QUICK);
    const salt = Buffer.alloc(16, 1);
    expect(await hash()).not.toBe(await hash());
    expect(await hash(salt)).toBe(await hash(salt));
  });

  it("cost what their hash says", async () => {
    const hash = await hashPassword("x", undefined, QUICK);
    expect(hash).toMatch(/^scrypt\$1024\$8\$1\$/);
    expect(costOf(hash)).toEqual(QUICK);
    expect(await verifyPassword("x", hash)).toBe(true);
    expect(() => costOf("scrypt$1024$8$1$$")).toThrow("not a hash");
  });

  it("are not held against what is no hash", async () => {
    await expect(verifyPassword("", "")).rejects.toThrow("not a hash");
    await expect(verifyPassword("", "scrypt$32768$8$3$$")).rejects.toThrow("not a hash");
  });
});

describe("patience", () => {
  const pace = { free: 3, first: 1, most: 60 };

  it("grows with each failure up to its end, and forgets after an hour", () => {
    const time = clock();
    const patience = new Patience(pace, time.read);
    const waits = Array.from({ length: 11 }, () => {
      const wait = patience.wait("a");
      time.pass(wait);
      expect(patience.wait("a")).toBe(0);
      patience.begin("a");
      return wait;
    });
    expect(waits).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    expect(patience.wait("b")).toBe(0);
    time.pass(3600);
    expect(patience.wait("a")).toBe(0);
  });

  it("has its pause after the attempt, however long that took", () => {
    const time = clock();
    const patience = new Patience(pace, time.read);
    for (let i = 0; i < 3; i += 1) patience.begin("a");
    time.pass(5);
    patience.failed("a");
    expect(patience.wait("a")).toBe(1);
  });

  it("does not forget others' guesses from an address because somebody there logs in", () => {
    const patience = new Patience(pace, clock().read);
    for (let i = 0; i < 4; i += 1) {
      patience.begin("gateway");
      patience.begin("gateway");
      patience.takeBack("gateway");
    }
    expect(patience.wait("gateway")).toBe(2);
  });

  it("remembers so many and no more", () => {
    const patience = new Patience(pace, clock().read);
    for (let i = 0; i < 3; i += 1) patience.begin("first");
    expect(patience.wait("first")).toBe(1);
    for (let i = 0; i < 10_000; i += 1) patience.begin(`${i}`);
    expect(patience.wait("first")).toBe(0);
  });
});

describe("sessions", () => {
  const vera = { user: "vera", role: "viewer" } as const;

  it("end an hour after their last use, and 12 hours after they began", () => {
    const time = clock();
    const sessions = new Sessions(time.read);
    const idle = sessions.begin(vera);
    time.pass(3599);
    expect(sessions.use(idle)).toEqual(vera);
    time.pass(3600);
    expect(sessions.use(idle)).toBeUndefined();
    const used = sessions.begin(vera);
    for (let i = 0; i < 23; i += 1) {
      time.pass(1800);
      expect(sessions.use(used)).toEqual(vera);
    }
    time.pass(1800);
    expect(sessions.use(used)).toBeUndefined();
  });

  it("are as many as a person can have", () => {
    const sessions = new Sessions(clock().read);
    const [first, ...rest] = Array.from({ length: 21 }, () => sessions.begin(vera));
    expect(sessions.use(first)).toBeUndefined();
    expect(rest.map((id) => sessions.use(id))).toEqual(Array(20).fill(vera));
  });
});

describe("orders", () => {
  it("hold a size that the site allows, for a week at most", () => {
    const faults = (size: number, until: number) =>
      checkOrder({ kind: "hold", size, until }, { min: 2, max: 10 }, 0).length;
    expect(faults(2, 1)).toBe(0);
    expect(faults(10, 7 * 24 * HOUR)).toBe(0);
    expect(faults(1, 7 * 24 * HOUR + 1)).toBe(2);
    expect(faults(11, 0)).toBe(2);
    expect(checkOrder({ kind: "pause" }, { min: 2, max: 10 }, 0)).toEqual([]);
  });
});

describe("timeline", () => {
  const decision = (at: number, target = 2): Decision => ({
    ...{ at, size: 2, serving: 2, wanted: target, target, votes: [], brakes: [] },
    look: { at, proxies: { haproxy1: "no answer" }, backends: [], cpu: { web1: { value: 1, at } } },
  });

  it("keeps a day, each look once, and of looks only who did not answer", () => {
    const start = 1_000 * HOUR;
    const timeline = new Timeline([decision(start), decision(start + HOUR, 3)]);
    timeline.add(decision(start + HOUR));
    expect(timeline.since(0).rows.map(([at]) => at)).toEqual([start, start + HOUR]);
    expect(timeline.since(0).changes).toHaveLength(1);
    expect(timeline.at(start + 1)?.look).toEqual({
      ...{ at: start, backends: [], cpu: {} },
      proxies: { haproxy1: "no answer" },
    });
    timeline.add(decision(start + 24 * HOUR));
    expect(timeline.since(0).rows.map(([at]) => at)).toEqual([start + HOUR, start + 24 * HOUR]);
  });
});

describe("the plot's data", () => {
  const row = (at: number, cpu: number | null): Row => [at, 2, 2, 2, 2, 1, 0, cpu, null];

  it("has no line over a gap, and none where a measure is missing", () => {
    const rows = [row(0, 0.1), row(30, null), row(60, 0.3), row(300, 0.4)];
    expect(columns(rows, ["cpu"], 90)).toEqual([
      [0, 30, 60, 150, 300],
      [0.1, null, 0.3, null, 0.4],
    ]);
  });

  it("begins with the look before its span", () => {
    const rows = [0, 30, 60].map((at) => row(at, null));
    expect(within(rows, 45).map(([at]) => at)).toEqual([30, 60]);
    expect(within(rows, 100).map(([at]) => at)).toEqual([60]);
    expect(within([], 0)).toEqual([]);
  });

  it("finds the look at a moment", () => {
    const rows = [0, 30, 60].map((at) => row(at, null));
    expect([-5, 14, 16, 99].map((time) => nearest(rows, time)?.[0])).toEqual([0, 0, 30, 60]);
  });
});
