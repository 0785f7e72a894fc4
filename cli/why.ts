import type { Decision, Vote } from "../autoscaler/model";

export const EMPTY_LOG =
  "No decision yet: the autoscaler's service has not run here (npx hpc autoscaler start)";

const number = (n: number | undefined): string =>
  n === undefined ? "-" : Number.isInteger(n) ? String(n) : n.toFixed(2);

const row = (vote: Vote): string[] => [
  vote.rule,
  vote.of ?? "",
  number(vote.value),
  number(vote.goal),
  vote.age === undefined ? "-" : `${vote.age.toFixed(0)} s`,
  vote.wanted === undefined ? "cannot say" : String(vote.wanted),
];

/** How each rule voted, as a table. Pure. */
export function table({ votes }: Decision): string {
  const rows = [["rule", "of", "measured", "goal", "age", "asks for"], ...votes.map(row)];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => (r[i] ?? "").length)));
  return rows
    .map((r) =>
      r
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
