import type { Part, Status, Vip } from "../../components/look";
import type { Tier } from "../../components/tier";
import { tiers } from "../../components/tiers";
import type { SiteOutputs } from "../../plan/outputs";
import { judge } from "../health";
import type { Answer } from "./silence";

/** A tier that can be looked at. */
export interface Looked {
  name: string;
  look: NonNullable<Tier["look"]>;
}

/** All tiers that can be looked at, in the order of the screen. */
export const looked: Looked[] = Object.entries<Tier>(tiers)
  .flatMap(([name, { look }]) => (look ? [{ name, look }] : []))
  .sort((a, b) => a.look.rank - b.look.rank);

/** Reads what the machines answered to their questions. */
export function evaluate(stack: string, site: SiteOutputs, answers: Answer[]): Status {
  const judged = answers.map((answer) => judge(answer, site));
  const machines = judged.map((j) => j.machine);
  const part: Part = (machine, name) => {
    const found = judged.find((j) => j.machine.name === machine);
    return found ? found.part(name) : "";
  };
  const vips = Object.entries(site.vips).map(([name, address]): Vip => {
    const may = machines.filter((m) => holds(m.tier, name));
    return {
      name,
      address,
      candidates: may.map((m) => m.name),
      holders: machines.filter((m) => m.vips.includes(name)).map((m) => m.name),
      late: may.filter((m) => m.late.includes("addresses")).map((m) => m.name),
    };
  });
  const states = looked.map(({ name, look }) => {
    const members = machines.filter((m) => m.tier === name);
    return [name, look.read(members, part, site)] as const;
  });
  return { stack, site, machines, vips, tiers: Object.fromEntries(states) };
}

const holds = (tier: string, vip: string): boolean =>
  Object.entries<Tier>(tiers).some(([name, { keys }]) => name === tier && vip in keys.vips);
