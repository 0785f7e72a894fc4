import { expect, it } from "vitest";
import { ruleGroups } from "../../components/monitor/rules";
import { selectorsOf } from "../support/promql";

it.each([
  ["vector(1)", []],
  ['up{job="node", tier!="web"} == 0', ['up{job="node", tier!="web"}']],
  ["a_b / (c_d > 0) < 0.05", ["a_b", "c_d"]],
  ['sum by (some_label) (rate(a_total{x=~"b|c"}[5m])) > 1', ['a_total{x=~"b|c"}']],
  ["max(a_b) > (count(up == 1) or vector(0))", ["a_b", "up"]],
  ["time() - a_seconds > 120", ["a_seconds"]],
])("what %s reads", (expr, selectors) => {
  expect(selectorsOf(expr)).toEqual(selectors);
});

it("every rule but the watchdog reads something", () => {
  const rules = Object.values(
    ruleGroups({ services: ["hub"], drainSeconds: 300, monitors: 2 }),
  ).flat();
  const blind = rules.filter(({ expr }) => selectorsOf(expr).length === 0);
  expect(blind.map(({ alert }) => alert)).toEqual(["Watchdog"]);
});
