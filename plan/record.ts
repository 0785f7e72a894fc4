import { z } from "zod";
import type { Hosting, Place } from "./placement";
import type { TierPlans } from "./tier";

const madeSchema = z.object({
  /** Stands for the project's files. */
  program: z.string(),
  /** Stands for the stack config without secrets and the pool's size. */
  config: z.string(),
  /** Commit or content of each web service. */
  versions: z.record(z.string(), z.string()),
});
/** What a run was made with, so that another one can tell whether it would change more than it is to. */
export type Made = z.infer<typeof madeSchema>;

const recordSchema = z.object({
  /** Machines by name. */
  machines: z.record(
    z.string(),
    z.object({ tier: z.string(), address: z.string(), hypervisor: z.string() }),
  ),
  /** Values of the config, by key, under which the site keeps what it has. */
  values: z.record(z.string(), z.string()),
  /** Public ssh keys that the machines let in. */
  keys: z.array(z.string()).default([]),
  made: madeSchema.optional(),
});
/** Type of the resource that keeps it in the stack's state. */
export const RECORD_TYPE = "hpc-ha:site:Record";

/** What of a site that is there the config must not change by accident. Holds no secrets. */
export type SiteRecord = z.infer<typeof recordSchema>;

/** @throws when it is not one: what is not understood protects nothing */
export const parseRecord = (value: unknown): SiteRecord => recordSchema.parse(value);

/** The record of a plan. @param values of the config, @param keys public ssh keys */
export const recordOf = (
  machines: Place[],
  values: Record<string, string>,
  keys: string[],
): SiteRecord => ({
  machines: Object.fromEntries(
    machines.map(({ name, tier, address, hypervisor }) => [name, { tier, address, hypervisor }]),
  ),
  values,
  keys,
});

/** Hypervisor of each machine that there is, by its name. */
export const settledIn = (record: SiteRecord | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record?.machines ?? {}).map(([name, { hypervisor }]) => [name, hypervisor]),
  );

/**
 * What a config would change of a site that is there, and must not; with what is to be done instead. Pure.
 * @param before as the last `up` left it
 * @param now as the config has it
 */
export function accidents(
  tiers: TierPlans,
  hosting: Hosting,
  before: SiteRecord,
  now: SiteRecord,
): string[] {
  const all = Object.values(tiers).flatMap(({ keeps }) => keeps ?? []);
  const formerly = Object.assign({}, ...all.map((k) => k.formerly ?? {})) as Record<string, string>;
  const whyNot = Object.assign({}, ...all.map((k) => k.whyNot ?? {})) as Record<string, string>;
  const values = Object.entries({ ...formerly, ...before.values }).flatMap(([key, value]) => {
    const other = now.values[key];
    const why = whyNot[key] ?? "what it keeps is filed under that; take it back";
    return other === undefined || other === value
      ? []
      : [`${key} = "${other}": the site was made with "${value}", and ${why}`];
  });
  // With another driver all else differs as well.
  if (values.some((fault) => fault.startsWith("driver "))) return values;
  return [
    ...values,
    ...Object.entries(tiers).flatMap(([tier, { keeps }]) => [
      ...(keeps?.members ? changedSet(tier, before, now) : []),
      ...(keeps?.addresses ? changedAddresses(tier, before, now) : []),
    ]),
    ...lostHypervisors(hosting, before, now),
  ];
}

const namesOf = (tier: string, { machines }: SiteRecord): string[] =>
  Object.keys(machines).filter((name) => machines[name]?.tier === tier);

function changedSet(tier: string, before: SiteRecord, now: SiteRecord): string[] {
  const [were, are] = [namesOf(tier, before), namesOf(tier, now)];
  if (were.length === 0 || were.length === are.length) return [];
  return [
    `members.${tier} = ${are.length}: the site has ${were.join(", ")}, which hold its data; take it back. A site of ` +
      "another size is another stack, into which the data is copied",
  ];
}

function changedAddresses(tier: string, before: SiteRecord, now: SiteRecord): string[] {
  return namesOf(tier, before).flatMap((name) => {
    const [old, address] = [before.machines[name]?.address, now.machines[name]?.address];
    if (address === undefined || old === address) return [];
    return [
      `addresses.${name} = "${address}": the others of its set know ${name} by ${old}; it must stay that`,
    ];
  });
}

/** Machines whose hypervisor is gone from the config go only where somebody says: they are made anew there. */
function lostHypervisors(
  { hypervisors, placement }: Hosting,
  before: SiteRecord,
  now: SiteRecord,
): string[] {
  const lost = new Map<string, string[]>();
  for (const [name, { hypervisor }] of Object.entries(before.machines)) {
    if (hypervisors.includes(hypervisor) || placement[name] !== undefined) continue;
    if (now.machines[name] === undefined) continue;
    lost.set(hypervisor, [...(lost.get(hypervisor) ?? []), name]);
  }
  return [...lost].map(([hypervisor, names]) => {
    const there = names.map((name) => `${name}: ${now.machines[name]?.hypervisor}`);
    return (
      `vm.hypervisors.${hypervisor} is missing, and ${names.join(", ")} are on it; put it back, or have them made anew ` +
      `elsewhere: vm.placement: {${there.join(", ")}}`
    );
  });
}
