import type { AutoscalerConfig } from "../../components/web/autoscaler";
import { MODEL, type Outcome, play } from "./play";
import { fixed, hpa, type Limits, ours, type Policy, thresholds } from "./policies";
import type { Moment } from "./trace";

/** A fixed pool is for all but the highest twentieth of the load. */
const FIXED_SHARE = 0.95;

/** The same days against each policy, their means: this autoscaler without and with a schedule first, if there is one. */
export function compare(days: Moment[][], limits: Limits, settings: AutoscalerConfig): Outcome[] {
  const unscheduled = { ...settings, schedule: [] };
  const loads = days.flatMap((day) => day.map(({ sessions }) => sessions)).sort((a, b) => a - b);
  const most = loads[Math.floor(loads.length * FIXED_SHARE)] ?? 0;
  const n = Math.max(limits.min, Math.ceil(most / settings.goals.connections));
  const mean = (policy: () => Policy, begin = limits.min): Outcome => {
    const model = { ...MODEL, everySeconds: settings.everySeconds };
    return meanOf(days.map((day) => play(day, policy(), begin, model)));
  };
  return [
    mean(() => ours("this autoscaler", limits, unscheduled)),
    ...(settings.schedule.length > 0
      ? [mean(() => ours("this autoscaler with a schedule", limits, settings))]
      : []),
    mean(() => hpa(limits, settings)),
    mean(() => thresholds(limits, settings)),
    mean(() => fixed(n), n),
  ];
}

function meanOf(outcomes: Outcome[]): Outcome {
  const mean = (key: "serverHours" | "overloadMinutes" | "changes"): number =>
    outcomes.reduce((sum, outcome) => sum + outcome[key], 0) / outcomes.length;
  return {
    name: outcomes[0]?.name ?? "",
    serverHours: mean("serverHours"),
    overloadMinutes: mean("overloadMinutes"),
    changes: mean("changes"),
  };
}

/** As a table of Markdown. */
export const table = (outcomes: Outcome[]): string =>
  [
    "| policy | server-hours | overload, min | changes |",
    "| --- | --- | --- | --- |",
    ...outcomes.map(
      ({ name, serverHours, overloadMinutes, changes }) =>
        `| ${name} | ${serverHours.toFixed(0)} | ${overloadMinutes.toFixed(1)} | ${changes.toFixed(0)} |`,
    ),
  ].join("\n");
