import { isIPv4 } from "node:net";
import { fewest, together } from "../plan/placement";

/** A resource as the program asks for it. */
export interface PlannedResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  protect: boolean;
  retainOnDelete: boolean;
  /** Name of its provider; empty for a default one. */
  provider: string;
}

/** What the rules compare a plan with. */
export interface Intent {
  /** Planned machines by tier. */
  machines: Record<string, { name: string }[]>;
  /** Names of those that stay where they are: they may be together since there were fewer hypervisors. */
  stay: string[];
  /** Tiers whose machines must be on different hypervisors, as far as there are any. */
  apart: string[];
  /** How many hypervisors there are. */
  hypervisors: number;
  /** Largest web pool. */
  webMax: number;
}

const DOMAIN = "libvirt:index/domain:Domain";
const VOLUME = "libvirt:index/volume:Volume";
const SHARE = "hpc-ha:share:Share";
const MACHINE = "hpc-ha:machine:Machine";

/**
 * What is wrong with a plan, in words. They look at what is registered and not at the config, so a mistake of the
 * program is found as well.
 */
export const violations = (plan: PlannedResource[], intent: Intent): string[] => [
  ...plan.flatMap(resourceViolations),
  ...setViolations(plan, intent),
];

/** What is wrong with one resource by itself. */
export function resourceViolations(resource: PlannedResource): string[] {
  if (resource.type === VOLUME) return unprotectedData(resource);
  if (resource.type === SHARE) return openExports(resource);
  return [];
}

/** A volume that is neither an image nor an overlay of one holds data that is nowhere else. */
function unprotectedData({ name, inputs, protect, retainOnDelete }: PlannedResource): string[] {
  if (inputs["source"] !== undefined || inputs["baseVolumeId"] !== undefined) return [];
  return protect && retainOnDelete
    ? []
    : [`${name}: a data volume must have protect and retainOnDelete`];
}

function openExports({ name, inputs }: PlannedResource): string[] {
  const clients = inputs["clients"];
  if (!Array.isArray(clients) || clients.length === 0) return [`${name}: exports to everybody`];
  return clients
    .filter((client) => typeof client !== "string" || !isIPv4(client))
    .map((client) => `${name}: exports to ${String(client)}; allowed are single addresses`);
}

/** What is wrong with resources together. A plan that is not complete yet has no violation that it may lose. */
export function setViolations(plan: PlannedResource[], intent: Intent): string[] {
  const found: string[] = [];
  const web = plan.filter((r) => r.type === MACHINE && /^web-/.test(r.name)).length;
  if (web > intent.webMax) found.push(`${web} web nodes: at most web.max = ${intent.webMax}`);

  const domains = plan.filter((r) => r.type === DOMAIN);
  for (const tier of intent.apart) {
    const members = intent.machines[tier] ?? [];
    const most = fewest(members.length, intent.hypervisors);
    const placed = members.flatMap(({ name }) => {
      const domain = domains.find((d) => String(d.inputs["name"]).endsWith(`-${name}`));
      return domain ? [{ name, host: domain.provider }] : [];
    });
    for (const { host, names } of together(placed, most)) {
      if (names.every((name) => intent.stay.includes(name))) continue;
      found.push(`${names.join(" and ")} are on one hypervisor (${host}), at most ${most} may be`);
    }
  }
  return found;
}
