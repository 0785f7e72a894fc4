import { afterEach, expect, it } from "vitest";
import { ruleGroups } from "../../components/monitor/rules";
import { CASES } from "../faults/cases";
import { COMPUTE, PARTS } from "../faults/lasting";
import { alertTimes, OVER_SECONDS } from "../support/alertTimes";
import { PAGES } from "../support/falseAlerts";
import { baseConfig, parsed } from "../support/site";

const rules = Object.values(ruleGroups({ services: ["app"], drainSeconds: 8, monitors: 1 })).flat();
const named = [...CASES, ...PARTS, COMPUTE].flatMap(({ alerts = [] }) => alerts);

it("what faults are to be told by are rules that there are", () => {
  const known = rules.map(({ alert }) => alert);
  expect(named.filter(({ alert }) => !known.includes(alert))).toEqual([]);
});

it("lasting faults are told of, and mended, within what a lab test may take", () => {
  const longest = (alerts: { alert: string }[]) =>
    Math.max(...alerts.map(({ alert }) => alertTimes(rules, alert).most)) + OVER_SECONDS;
  expect(longest(PARTS.flatMap(({ alerts }) => alerts))).toBeLessThan(7 * 60);
  // No two faults of a program ask for the same unit: one would be taken for the other.
  const units = PARTS.flatMap(({ alerts }) => alerts.flatMap(({ of = [] }) => of));
  expect(new Set(units).size).toBe(units.length);
});

it("among them are alerts that call somebody, of each half of the cluster", () => {
  const calling = rules.filter(
    ({ alert, severity }) => PAGES.includes(severity) && named.some((one) => one.alert === alert),
  );
  expect(calling.map(({ alert }) => alert).sort()).toEqual([
    "CertificateEnded",
    "DataEntryDown",
    "DiskFull",
    "ServiceDown",
    "ServiceUnreachable",
    "SlurmctldAbsent",
    "VipNobody",
  ]);
});

afterEach(() => {
  delete process.env["HPC_HA_WATCHED"];
});

it("the base state has a monitor where a suite is to raise no false alert, and as many as there may be", () => {
  const monitors = () => parsed(baseConfig()).members["monitor"];
  expect(monitors()).toBe(0);
  process.env["HPC_HA_WATCHED"] = "2";
  expect(monitors()).toBe(2);
  for (const wrong of ["3", "yes"]) {
    process.env["HPC_HA_WATCHED"] = wrong;
    expect(monitors).toThrow("members.monitor");
  }
});
