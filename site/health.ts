import {
  FULL_PERCENT,
  inTime,
  LATE,
  type MachineHealth,
  NO_ANSWER,
  type Part,
} from "../components/look";
import type { Tier } from "../components/tier";
import { tiers } from "../components/tiers";
import { exporterUnit, NODE_EXPORTER } from "../components/units";
import { machinesOf, type SiteOutputs } from "../plan/outputs";
import { ask, type Patience } from "./status/ask";
import { partsAsked, partsOf } from "./status/answers";
import { type Answer, settle } from "./status/silence";

export type { MachineHealth } from "../components/look";
export type { Patience } from "./status/ask";

/** What every machine is asked, by name; units that do not run are left out unless they failed. */
const HEALTH = {
  units: "systemctl list-units --plain --no-legend --type=service",
  addresses: "ip -o -4 address",
  disks: "df -l --output=pcent,target",
};
const HEALTH_PARTS = Object.keys(HEALTH);
/** What every machine is asked, as shell text. It comes before all parts of its tier. */
export const HEALTH_SCRIPT = Object.entries(HEALTH)
  .map(([name, command]) => inTime(name, command))
  .join("\n");

/** A tier by its name; undefined for machines of a tier that this version does not have. */
export const tierOf = (name: string): Tier | undefined =>
  (tiers as Partial<Record<string, Tier>>)[name];

/** What a machine of a tier is asked, as one shell script that only reads. */
export const questions = (tier: string, site: SiteOutputs): string =>
  [HEALTH_SCRIPT, ...(tierOf(tier)?.look?.questions(site) ?? [])].join("\n");

/** Waits for machines as a person who wants to be sure. */
export const PATIENT: Patience = { first: 5, factor: 1, least: 5, most: 5 };

/** The health of all machines, asked once. */
export async function machineHealth(
  site: SiteOutputs,
  patience: Patience = PATIENT,
): Promise<MachineHealth[]> {
  const replies = await ask(machinesOf(site), site.ssh, () => HEALTH_SCRIPT, patience);
  return settle(replies).map((answer) => judge(answer, site).machine);
}

/** What a machine says of itself: units that should run, failed ones, and full disks; and what it said to its tier. */
export interface Judged {
  machine: MachineHealth;
  part: (name: string) => ReturnType<Part>;
}

/** Judges what a machine answered. */
export function judge(answer: Answer, site: SiteOutputs): Judged {
  const { machine, missing } = answer;
  const asked = partsAsked(questions(machine.tier, site));
  const { head, said, late } = partsOf(answer, HEALTH_PARTS, asked);
  const part = (name: string) => (late.includes(name) ? undefined : (said.get(name) ?? ""));
  if (missing === "dead" || missing === "late") {
    const health = missing === "dead" ? NO_ANSWER : LATE;
    return { machine: { ...machine, health, faults: [], full: [], vips: [], late }, part };
  }
  const vips = Object.entries(site.vips)
    .filter(([, address]) => head.includes(` ${address}/`))
    .map(([name]) => name);
  const faults = late.includes("units") ? [] : faultsOf(machine.tier, head, vips, site);
  const full = [...head.matchAll(/^ *(\d+)% (\/.*)$/gm)]
    .map(([, percent, path]) => ({ path: path ?? "", percent: Number(percent) }))
    .filter(({ percent }) => percent >= FULL_PERCENT);
  const unsaid = late.filter((name) => HEALTH_PARTS.includes(name));
  const sick = [
    ...(faults.length === 0 ? [] : [`not running: ${faults.join(", ")}`]),
    ...full.map(({ path, percent }) => `${path} is ${percent} % full`),
    ...(unsaid.length === 0 ? [] : [`not told in time: ${unsaid.join(", ")}`]),
  ];
  const health = sick.join("; ") || "ok";
  return { machine: { ...machine, health, faults, full, vips, late }, part };
}

/** What tells a monitor how the machine and its programs are, where there is one. */
const tellingUnits = (tier: Tier | undefined, { addresses }: SiteOutputs): string[] =>
  Object.keys(addresses["monitor"] ?? {}).length === 0
    ? []
    : [NODE_EXPORTER, ...Object.keys(tier?.exporters ?? {}).map(exporterUnit)];

/** Units that should be active and are not, and units that failed. */
function faultsOf(tierName: string, text: string, vips: string[], site: SiteOutputs): string[] {
  const states = new Map(
    [...text.matchAll(/^\s*(\S+)\.service\s+\S+\s+(\S+)/gm)].map((m) => [m[1] ?? "", m[2] ?? ""]),
  );
  const tier = tierOf(tierName);
  const wanted = [
    ...(tier?.units(site) ?? []),
    ...tellingUnits(tier, site),
    ...vips.flatMap((vip) => tier?.unitsWithVip?.[vip] ?? []),
  ];
  const dead = wanted.filter((unit) => states.get(unit) !== "active");
  const failed = [...states].filter(([, state]) => state === "failed").map(([unit]) => unit);
  return [...new Set([...dead, ...failed])];
}
