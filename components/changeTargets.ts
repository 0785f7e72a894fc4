/** Which machines of a tier a change is about, and in which order it would go. */
import execa from "execa";
import type { Machines } from "../lib/machines";
import { lookForMark } from "../rollout/mark";
import { describePlan, planTier } from "../rollout/plan";
import type { ChangeRequest } from "./changeRequest";
import { quote } from "./look";
import { rollsOf } from "./rolls";
import type { Tier } from "./tier";
import { tiers } from "./tiers";

export const tierOf = (name: string): Tier | undefined => (tiers as Record<string, Tier>)[name];

/** Shell text: the state of each unit. */
export const activity = (units: string[]): string =>
  `systemctl show --property ActiveState --value ${units.map(quote).join(" ")}`;

/**
 * Those of them that no run has ever made part of their tier: a unit of theirs does not run. One that was part of it and
 * was left half-way has a mark.
 */
export async function neverConfigured(
  { todo, applied, units }: ChangeRequest,
  machines: Machines,
): Promise<string[]> {
  const unknown = todo.filter((m) => !applied.includes(m));
  // "active" for a mark: what its units do says nothing then.
  const ask = `if [ -n "$(${lookForMark("change")})" ]; then echo active; else ${activity(units)}; fi`;
  const said = await Promise.all(unknown.map((m) => machines.run(m, ask)));
  const words = said.map((text) => text.split("\n").filter((line) => line !== ""));
  return unknown.filter((_, i) => !words[i]?.every((w) => w === "active"));
}

/** In which order the machines would be changed, in words. */
export async function orderOf(request: ChangeRequest, machines: Machines): Promise<string> {
  const { tier, site, todo } = request;
  const fresh = await neverConfigured(request, machines);
  const known = todo.filter((m) => !fresh.includes(m));
  const roll = rollsOf({ outputs: site, machines, progress: () => undefined })[tier];
  const plan =
    roll &&
    describePlan(planTier(await roll.parts(), roll.relieve !== undefined, known), roll.together);
  const news = fresh.length === 0 ? [] : [`${fresh.join(", ")} (new)`];
  const present = known.length === 0 ? [] : [plan ?? known.join(", ")];
  const order = tierOf(tier)?.presentFirst === true ? [present, news] : [news, present];
  return order.flat().join(", then ");
}

/** Those that are other machines than they are to be, until they start anew. */
export async function outdatedOf(
  power: Record<string, string[]>,
  machines: string[],
): Promise<string[]> {
  const said = await Promise.all(
    machines.map(async (m) => {
      const own = power[m] ?? [];
      return own.length === 0 ? "" : (await powerCommand(own, "look")).stdout;
    }),
  );
  return machines.filter((_, i) => said[i] === "outdated");
}

/** What a machine's driver says of its power, or does with it. @param own its program and first arguments */
export const powerCommand = ([file = "", ...args]: string[], what: "look" | "cycle") =>
  execa(file, [...args, what]);
