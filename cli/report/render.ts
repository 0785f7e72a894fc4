import { timeOf } from "./month";
import { type Availability, type Cause, GOAL, type Outage, type Report } from "./report";

/** A report for a person. Pure. */
export function renderReport(site: string, report: Report): string {
  const { month, monitors, services, outages, failovers, scalings, waits } = report;
  const at = (seconds: number) => timeOf(seconds, month.zone);
  const section = (title: string, rows: string[]) => ["", title, ...rows.map((row) => `  ${row}`)];
  const none = (rows: string[], text: string) => (rows.length === 0 ? [text] : rows);
  return [
    `${site}, ${month.name}: ${at(month.from)} to ${at(month.to)} (${month.zone}), as seen by ${monitors.join(" and ")}`,
    "",
    ...table([
      ["service", "available", "down", "not known", `${percent(GOAL)}`],
      ...services.map((one) => availabilityRow(one)),
    ]),
    ...section(
      "Outages",
      none(
        outages.map((o) => outageRow(o, at)),
        "none was seen",
      ),
    ),
    ...section(
      "Failovers",
      none(
        failovers.map((f) => `${at(f.at)}  ${f.what}: ${f.before} -> ${f.after}`),
        "none was seen",
      ),
    ),
    ...section(
      "Web nodes at HAProxy",
      none(
        scalings.map((s) => `${at(s.at)}  ${s.before} -> ${s.after}`),
        "as many all the time",
      ),
    ),
    ...section("Jobs' waits until they began", waitRows(waits)),
  ].join("\n");
}

const availabilityRow = ({ service, share, down, unknown, kept }: Availability): string[] => [
  service,
  share === undefined ? "not known" : percent(share),
  down === 0 ? "-" : lengthOf(down),
  unknown === 0 ? "-" : lengthOf(unknown),
  kept === undefined ? "not known" : kept ? "kept" : "missed",
];

function outageRow({ service, from, to, longer, causes }: Outage, at: (s: number) => string) {
  const length = `${lengthOf(to - from)}${longer ? " or more" : ""}`;
  return `${at(from)}  ${service}, ${length}: ${causes.map(causeText).join(", ") || "no alert"}`;
}

const causeText = ({ alert, of, told }: Cause): string => {
  const text = [alert, of].filter((word) => word !== "").join(" ");
  return told ? text : `(${text})`;
};

function waitRows(waits: Report["waits"]): string[] {
  if (waits === undefined) return ["not known: no controller told"];
  if (waits.length === 0) return ["no job began"];
  return table([
    ["partition", "jobs", "half within", "95 % within", "longest"],
    ...waits.map(({ partition, jobs, median, p95, longest }) => [
      ...[partition, String(jobs)],
      ...[median, p95, longest].map(lengthOf),
    ]),
  ]);
}

function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => (r[i] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Never rounded up: what was away for a second was not there for 100 %. */
const percent = (share: number): string => {
  const parts = Math.floor(share * 1e6 + 1e-6);
  return `${(parts / 1e4).toFixed(share === GOAL ? 1 : 4)} %`;
};

const UNITS: [string, number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** A time in its two largest units: "2 min 15 s". */
export function lengthOf(seconds: number): string {
  let left = Math.round(seconds);
  const words = UNITS.map(([unit, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return [n, unit] as const;
  });
  const first = words.findIndex(([n]) => n > 0);
  if (first === -1) return "0 s";
  return words
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}
