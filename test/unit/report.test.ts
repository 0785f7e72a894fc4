/** `npx hpc report`: what was seen, as a figure. What the monitor told is captured: of Prometheus 2.42, a look a second. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { whatWasSeen } from "../../cli/commands/report";
import { readDays, type Seen, type Series } from "../../cli/report/days";
import { daysOf, type Month, monthOf } from "../../cli/report/month";
import { lengthOf, renderReport } from "../../cli/report/render";
import { reportOf } from "../../cli/report/report";
import { changesOf, overlay } from "../../cli/report/timeline";
import { jobsCommand, readJobs } from "../../cli/report/waits";
import { RemoteFailure } from "../../lib/machines";

const at = (text: string) => Date.parse(text) / 1000;
const file = path.join(__dirname, "fixtures/monitor/recordedDay.jsonl");
const captured = readDays("monitor1", readFileSync(file, "utf8"));
/** The minute that was captured. */
const FIRST = 1795782227.917;
const minute: Month = { name: "2026-11", zone: "Asia/Seoul", from: FIRST, to: FIRST + 60 };

/** What a monitor saw of a service, from s to s. */
const seen = (monitor: string, ...runs: [number, number, number][]): Seen => ({
  monitor,
  series: [up("hub", runs)],
  faults: [],
});
const up = (service: string, runs: [number, number, number][]): Series => ({
  labels: { __name__: "service:up", service },
  runs: runs.map(([from, to, value]) => ({ from, to, value })),
});
const span = (from: number, to: number): Month => ({ name: "x", zone: "UTC", from, to });
const hubOf = (month: Month, ...all: Seen[]) => {
  const { services, outages } = reportOf(month, ["hub"], all, []);
  return { ...services.find(({ service }) => service === "hub"), outages };
};

describe("a month", () => {
  it("begins in the site's time zone", () => {
    const now = at("2026-11-27T12:00:00Z");
    expect(monthOf("2026-10", "Asia/Seoul", now)).toEqual({
      name: "2026-10",
      zone: "Asia/Seoul",
      from: at("2026-09-30T15:00:00Z"),
      to: at("2026-10-31T15:00:00Z"),
    });
    // The clocks are put back within it.
    const { from, to } = monthOf("2026-10", "Europe/Berlin", now);
    expect(to - from).toBe(31 * 86_400 + 3600);
    expect(monthOf("2025-12", "UTC", now).to).toBe(at("2026-01-01T00:00:00Z"));
  });

  it("that is not over ends just before now; it is the usual one", () => {
    const now = at("2026-10-31T15:10:00Z");
    const { name, from, to } = monthOf(undefined, "Asia/Seoul", now);
    expect([name, from, now - to]).toEqual(["2026-11", at("2026-10-31T15:00:00Z"), 30]);
  });

  it.each(["2026-13", "11/2026", "2026-12"])("%s is none, or has not begun", (text) => {
    expect(() => monthOf(text, "UTC", at("2026-11-27T12:00:00Z"))).toThrow(`--month ${text}: `);
  });

  it("is asked for by the days of UTC that it is in", () => {
    const month = monthOf("2026-10", "Asia/Seoul", at("2026-11-27T12:00:00Z"));
    expect(daysOf(month)).toEqual(["2026-09-30", "2026-10-31"]);
    expect(daysOf(monthOf("2026-10", "UTC", at("2026-11-27T12:00:00Z")))).toEqual([
      "2026-10-01",
      "2026-10-31",
    ]);
  });
});

describe("what was seen", () => {
  it("over midnight is one", () => {
    const day = (name: string, ...runs: number[][]) =>
      JSON.stringify({ day: name, series: [{ labels: { service: "hub" }, runs }] });
    // The last look of a day stands into the next one, whose first came a moment early.
    const text = [day("1", [0, 101, 1]), day("2", [100, 200, 1], [200, 215, 0])].join("\n");
    expect(readDays("monitor1", text).series[0]?.runs).toEqual([
      { from: 0, to: 200, value: 1 },
      { from: 200, to: 215, value: 0 },
    ]);
  });

  it("of several is one, and what nobody saw is open", () => {
    const layers = [
      [{ from: 0, to: 10, value: 1 }],
      [
        { from: 5, to: 12, value: 2 },
        { from: 14, to: 30, value: 2 },
      ],
    ];
    const pieces = overlay(layers, { from: 2, to: 20 }, (values) => values.find((v) => v));
    expect(pieces).toEqual([
      { from: 2, to: 10, value: 1 },
      { from: 10, to: 12, value: 2 },
      { from: 12, to: 14, value: undefined },
      { from: 14, to: 20, value: 2 },
    ]);
    expect(changesOf(pieces)).toEqual([{ at: 10, before: 1, after: 2 }]);
  });
});

describe("availability", () => {
  it("is of what was seen; the rest is not known, and counts for neither", () => {
    const found = hubOf(span(0, 1000), seen("monitor1", [0, 400, 1], [400, 500, 0]));
    expect(found).toMatchObject({ up: 400, down: 100, unknown: 500, share: 0.8, kept: false });
    expect(hubOf(span(0, 1000), seen("monitor1"))).toMatchObject({
      ...{ up: 0, down: 0, unknown: 1000, share: undefined, kept: undefined, outages: [] },
    });
  });

  it("is kept or missed only where what is not known could not change that", () => {
    const of = (down: number, unknown: number) =>
      hubOf(span(0, 100_000), seen("monitor1", [0, down, 0], [down, 100_000 - unknown, 1])).kept;
    expect([of(100, 0), of(101, 0), of(50, 50), of(50, 60), of(101, 50_000)]).toEqual([
      ...[true, false, true, undefined, false],
    ]);
  });

  it("has a gap of one monitor filled from the other, and who reached it believed", () => {
    const one = seen("monitor1", [0, 300, 1], [300, 400, 0], [700, 1000, 1]);
    const other = seen("monitor2", [200, 900, 1]);
    expect(hubOf(span(0, 1000), one, other)).toMatchObject({ up: 1000, down: 0, unknown: 0 });
    // Both saw that it was away.
    const both = hubOf(span(0, 1000), one, seen("monitor2", [0, 310, 1], [310, 700, 0]));
    expect(both).toMatchObject({ up: 610, down: 390, outages: [{ from: 310, to: 700 }] });
  });

  it("says of an outage whose begin or end nobody saw that it was longer", () => {
    const outages = (...runs: [number, number, number][]) =>
      hubOf(span(0, 100), seen("monitor1", ...runs)).outages.map((o) => [o.from, o.to, o.longer]);
    expect(outages([0, 10, 1], [10, 20, 0], [20, 100, 1])).toEqual([[10, 20, false]]);
    expect(outages([0, 10, 1], [10, 20, 0], [30, 100, 1])).toEqual([[10, 20, true]]);
    expect(outages([0, 90, 1], [90, 100, 0])).toEqual([[90, 100, true]]);
  });
});

describe("a report", () => {
  const sacct =
    "main|1795782200|1795782230\nmain|1795782228|1795782228\nlong|1795782000|1795782240\n";
  const found = reportOf(minute, ["hub", "app"], [captured], readJobs(sacct, minute));

  it("names each promised service, and who was never asked for is not up", () => {
    expect(found.services.map(({ service, down }) => [service, Math.round(down)])).toEqual([
      ...[
        ["web entry", 6],
        ["hub", 6],
        ["app", 7],
      ],
      ...[
        ["Slurm (sbatch)", 0],
        ["Redis (data VIP)", 7],
        ["SQL (data VIP)", 6],
      ],
    ]);
    const other = reportOf(minute, ["other"], [captured], undefined);
    expect(other.services[1]).toMatchObject({ service: "other", up: 0, share: undefined });
  });

  it("names an outage's causes by the alerts of its time, those that were told first", () => {
    const hub = found.outages.find(({ service }) => service === "hub");
    expect(hub?.causes.slice(0, 2)).toEqual([
      { alert: "VipNobody", of: "data", told: true },
      { alert: "VipNobody", of: "web", told: true },
    ]);
    // It was over before anybody was told.
    expect(hub?.causes).toContainEqual({
      alert: "ServiceUnreachable",
      of: "hub on the web VIP",
      told: false,
    });
  });

  it("names what moved, once, and other sizes of the pool", () => {
    expect(found.failovers.map(({ what, before, after }) => [what, before, after])).toEqual([
      ["data VIP", "haproxy1", "haproxy2"],
      ["web VIP", "haproxy1", "haproxy2"],
      ["Redis master", "redis1", "redis2"],
    ]);
    expect(found.scalings).toMatchObject([{ before: 2, after: 3 }]);
    // The other one who watches has seen the same.
    const two = reportOf(minute, ["hub"], [captured, { ...captured, monitor: "monitor2" }], []);
    expect(two.failovers).toEqual(found.failovers);
    expect(two.outages.filter(({ service }) => service === "hub")).toHaveLength(1);
  });

  it("is shown with what is not known said as such, in the site's time", () => {
    const text = renderReport("hpc-ha-prod", found);
    expect(text).toContain(
      "hpc-ha-prod, 2026-11: 2026-11-27 21:23:47 to 2026-11-27 21:24:47 (Asia/Seoul), as seen by monitor1",
    );
    expect(text).toMatch(/^hub +87\.7551 % +6 s +11 s +missed$/m);
    expect(text).toMatch(/^ {2}2026-11-27 21:24:02 {2}hub, 6 s: VipNobody data, VipNobody web, /m);
    expect(text).toContain("Redis master: redis1 -> redis2");
    expect(text).toMatch(/^ {2}main +2 +0 s +30 s +30 s$/m);
    const nothing = renderReport("x", reportOf(minute, ["hub"], [], undefined));
    expect(nothing).toMatch(/^hub +not known +- +1 min +not known$/m);
    expect(nothing).toContain("not known: no controller told");
  });

  it("never shows 100 % where something was away", () => {
    const month = span(0, 2_592_000);
    const { services } = reportOf(
      month,
      ["hub"],
      [seen("monitor1", [0, 1, 0], [1, 2_592_000, 1])],
      [],
    );
    const text = renderReport("x", { ...reportOf(month, [], [], []), services });
    expect(text).toMatch(/^hub .* 99\.9999 % .* kept$/m);
  });

  it.each([
    [0, "0 s"],
    [75, "1 min 15 s"],
    [3600, "1 h"],
    [2 * 86_400 + 3 * 3600 + 59, "2 d 3 h"],
  ])("says %i s as %s", (seconds, text) => {
    expect(lengthOf(seconds)).toBe(text);
  });
});

describe("jobs", () => {
  it("count when they began, by partition; who waits still does not", () => {
    const text = Array.from({ length: 20 }, (_, i) => `main|1000|${1000 + i}`).join("\n");
    const others = "\nmain|100|200\nmain,long|1000|Unknown\nlong|1100|1050\nmain|Unknown|Unknown\n";
    expect(readJobs(text + others, { from: 1000, to: 2000 })).toEqual([
      { partition: "long", jobs: 1, median: 0, p95: 0, longest: 0 },
      { partition: "main", jobs: 20, median: 9, p95: 18, longest: 19 },
    ]);
  });

  it("are asked of all users, by times that no zone can shift", () => {
    expect(jobsCommand({ from: 1000, to: 2000 })).toContain(
      "--starttime=uts1000 --endtime=uts2000",
    );
  });
});

describe("who is asked", () => {
  const machines = (answers: Record<string, string>) => ({
    names: () => Object.keys(answers),
    run: (name: string) =>
      answers[name] === ""
        ? Promise.reject(new RemoteFailure(name, undefined, "does not answer"))
        : Promise.resolve(answers[name] ?? ""),
  });
  const month = span(0, 86_400);
  const day = (fault?: string) => JSON.stringify({ day: "1970-01-01", series: [], fault });

  it("is every monitor that answers", async () => {
    const said: string[] = [];
    const site = machines({ monitor1: "", monitor2: day("refused") });
    const all = await whatWasSeen(site, month, (text) => said.push(text));
    expect(all.map(({ monitor }) => monitor)).toEqual(["monitor2"]);
    expect(said).toEqual([
      "Nothing from there: monitor1: does not answer",
      "monitor2 does not know 1970-01-01: refused",
    ]);
  });

  it("without any there is no figure", async () => {
    const none = whatWasSeen(machines({}), month, () => undefined);
    await expect(none).rejects.toThrow("members.monitor is 0");
    const dead = whatWasSeen(machines({ monitor1: "" }), month, () => undefined);
    await expect(dead).rejects.toThrow("no monitor tells");
  });
});
