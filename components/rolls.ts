import type { Roll, RunningSite } from "../rollout/roll";
import type { Tier } from "./tier";
import { tiers } from "./tiers";

const rolled = Object.entries<Tier>(tiers).flatMap(([name, { roll }]) =>
  roll ? [[name, roll] as const] : [],
);

/** Names of the tiers that can be rolled, in the order of the list. */
export const ROLLED: readonly string[] = rolled.map(([name]) => name);

/** How each of them is rolled on a site, by name. */
export const rollsOf = (site: RunningSite): Record<string, Roll> =>
  Object.fromEntries(rolled.map(([name, roll]) => [name, roll(site)]));
