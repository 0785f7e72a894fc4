import type { Colors } from "picocolors/types";
import {
  type Finding,
  type MachineHealth,
  mark,
  NO_ANSWER,
  type Status,
} from "../../components/look";
import { looked } from "./evaluate";
import { verdict } from "./findings";

const WORDS = {
  whole: "whole: every service runs, with its spare",
  reduced: "redundancy is reduced: every service runs, not all have a spare",
  unknown: "unknown: not everything answered in time",
  down: "a service is down",
};

/** The site on one screen. @param now ms since 1970 */
export function renderStatus(
  status: Status,
  findings: Finding[],
  c: Colors,
  now = Date.now(),
): string {
  const state = verdict(findings);
  const paint = { whole: c.green, reduced: c.yellow, unknown: c.magenta, down: c.red }[state];
  const { tiers } = status;
  const rows = looked.flatMap(({ name, look }) => look.rows(tiers[name], status, c));
  const tables = looked.flatMap(({ name, look }) => {
    const table = look.table?.(tiers[name], status, c);
    return table ? [...table, ""] : [];
  });
  return [
    `${c.bold(status.stack)}  ${paint(WORDS[state])}`,
    "",
    ...[...rows, ["Image", image(status, c, now)] as const]
      .filter(([, text]) => text !== "")
      .map(([title, text]) => `${c.bold(title.padEnd(8))}${text}`),
    "",
    ...tables,
    ...machines(status, c),
    ...(findings.length === 0
      ? []
      : ["", ...findings.map((f) => short(f, c)), c.dim("  npx hpc doctor says what mends it")]),
  ].join("\n");
}

/** How old what new machines are made from is, and what a new web node has to be sent. */
function image({ site }: Status, c: Colors, now: number): string {
  if (!site.image) return "";
  const { built, lacks } = site.image;
  const days = Math.max(0, Math.floor((now - Date.parse(built)) / 864e5));
  const age = `of new machines: ${days === 1 ? "1 day" : `${days} days`} old`;
  if (lacks.length === 0) return `${age}, with the releases of the web services`;
  return `${age}, ${c.yellow(`without release ${lacks.join(", ")}`)}: npm run image`;
}

/** What is wrong and what mends it. */
export function renderFindings(stack: string, findings: Finding[], c: Colors): string {
  if (findings.length === 0) return `${c.bold(stack)}  ${c.green(WORDS.whole)}`;
  const said = new Set<string>();
  return findings
    .flatMap((finding) => {
      const { mend } = finding;
      const shown = [short(finding, c)];
      if (mend !== undefined)
        shown.push(said.has(mend) ? c.dim("      as above") : `      ${c.cyan(mend)}`);
      if (mend !== undefined) said.add(mend);
      return shown;
    })
    .join("\n");
}

function short({ severity, what }: Finding, c: Colors): string {
  const signs = {
    down: c.red("✖ down   "),
    unknown: c.magenta("? unknown"),
    reduced: c.yellow("! reduced"),
  };
  return `  ${signs[severity]} ${what}`;
}

/** A line for each tier; a machine that is not well says why on a line of its own. */
function machines({ machines: all }: Status, c: Colors): string[] {
  const tiers = [...new Set(all.map((m) => m.tier))];
  const width = Math.max(...tiers.map((t) => t.length)) + 2;
  return tiers.flatMap((tier) => {
    const members = all.filter((m) => m.tier === tier);
    const line = members.map((m) => mark(isWell(m), `${m.name} ${sign(m)}`, c));
    const sick = members.filter((m) => m.health !== "ok");
    return [
      `  ${c.dim(tier.padEnd(width))}${line.join("  ")}`,
      ...sick.map(
        (m) => `  ${"".padEnd(width)}${mark(isWell(m), `${m.name} (${m.address}) ${m.health}`, c)}`,
      ),
    ];
  });
}

/** Undefined where nothing is known to be wrong, but not all was told in time. */
function isWell({ health, faults, full }: MachineHealth): boolean | undefined {
  if (health === "ok") return true;
  return health === NO_ANSWER || faults.length + full.length > 0 ? false : undefined;
}
const sign = (machine: MachineHealth) =>
  ({ true: "ok", false: "✖", undefined: "?" })[`${isWell(machine)}`];
