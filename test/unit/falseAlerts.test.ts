import { expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { Alarms, falselyFired, firedQueries, PAGES } from "../support/falseAlerts";

const sample = (value: number, metric: Record<string, string> = {}) => ({
  metric,
  value: [1795741912.5, String(value)] as [number, string],
});
const LOOKS = [sample(8)];
const VIP = {
  ...{ __name__: "ALERTS", alertname: "VipNobody", alertstate: "firing", severity: "critical" },
  vip: "web",
};

it("asks for what fired in all of the stretch, and how much of it was watched", () => {
  expect(firedQueries(119.2, PAGES)).toEqual([
    'count_over_time(ALERTS{alertstate="firing", alertname!="Watchdog", severity=~"critical"}[120s])',
    'count_over_time(ALERTS{alertstate="firing", alertname="Watchdog"}[120s])',
  ]);
  expect(firedQueries(60, ["critical", "warning"])[0]).toContain('"critical|warning"');
});

it("an alert that nobody expected is named, with what it is of and how long it fired", () => {
  expect(falselyFired([sample(3, VIP)], LOOKS, 120, [])).toEqual([
    "alert: VipNobody web fired for 45 s",
  ]);
  expect(falselyFired([sample(3, VIP)], LOOKS, 120, [{ alert: "SlurmctldAbsent" }])).toHaveLength(
    1,
  );
});

it("one that belongs to the fault is none", () => {
  expect(falselyFired([sample(3, VIP)], LOOKS, 120, [{ alert: "VipNobody" }])).toEqual([]);
  expect(falselyFired([], LOOKS, 120, [])).toEqual([]);
});

it("a stretch that nobody watched is not one without alerts", () => {
  expect(falselyFired([], [], 600, [])).toEqual(["alerts: only 0 of 600 s were watched"]);
  expect(falselyFired([], [sample(16)], 600, [])).toHaveLength(1);
  expect(falselyFired([], [sample(18)], 600, [])).toEqual([]);
  // Too short to have been looked at for certain.
  expect(falselyFired([], [], 20, [])).toEqual([]);
});

it("a site without a monitor has none, and one whose monitor does not answer is not clean", async () => {
  const site = (addresses: object) =>
    ({
      addresses,
      ssh: { user: "root", privateKeyFile: "/none", knownHostsFile: "/none" },
    }) as unknown as StackOutputs;
  expect(Alarms.of(site({}))).toBeUndefined();
  expect(Alarms.of(site({ monitor: {} }))).toBeUndefined();
  expect(await Alarms.of(site({ monitor: { monitor1: "127.0.0.1" } }))?.wrong()).toEqual([
    expect.stringMatching(/^alerts: monitor1 does not say: /),
  ]);
});
