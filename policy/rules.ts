import { isIPv4 } from "node:net";
import type { SiteConfig } from "../plan/config";
import { SPREAD_ROLES } from "../plan/placement";
import { hypervisorsOf, type Topology } from "../plan/topology";

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
  config: Pick<SiteConfig, "vm" | "libvirtUri" | "web">;
  topology: Pick<Topology, "machines">;
}

const DOMAIN = "libvirt:index/domain:Domain";
const VOLUME = "libvirt:index/volume:Volume";
const NFS = "hpc-ha:nfs:NfsServer";
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
  if (resource.type === NFS) return openExports(resource);
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
export function setViolations(plan: PlannedResource[], { config, topology }: Intent): string[] {
  const found: string[] = [];
  const web = plan.filter((r) => r.type === MACHINE && /^web-/.test(r.name)).length;
  if (web > config.web.max) found.push(`${web} web nodes: at most web.max = ${config.web.max}`);

  const domains = plan.filter((r) => r.type === DOMAIN);
  const hypervisors = Object.keys(hypervisorsOf(config)).length;
  for (const role of SPREAD_ROLES) {
    if (config.vm?.allowOnOneHypervisor.includes(role)) continue;
    const members = topology.machines[role];
    const most = Math.ceil(members.length / hypervisors);
    const byProvider = new Map<string, string[]>();
    for (const { name } of members) {
      const domain = domains.find((d) => String(d.inputs["name"]).endsWith(`-${name}`));
      if (!domain) continue;
      byProvider.set(domain.provider, [...(byProvider.get(domain.provider) ?? []), name]);
    }
    for (const [provider, together] of byProvider) {
      if (together.length <= most) continue;
      found.push(
        `${together.join(" and ")} are on one hypervisor (${provider}), at most ${most} may be`,
      );
    }
  }
  return found;
}

const SECRET_NAME = /passw|secret|token|credential|api_?key|private_?key|webhook/i;
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY|^\w+:\/\/[^/@\s]+:[^/@\s]+@/;
/** What is named like a secret and says only where one is. */
const REFERENCE = /(file|path)$/i;

/**
 * Config values that look like secrets and are not encrypted.
 * @param raw stack config as text, keys without the project
 * @param encrypted whether a key's value is encrypted in the config file
 */
export function plainSecrets(
  raw: Record<string, string>,
  encrypted: (key: string) => boolean,
): string[] {
  const found: string[] = [];
  const visit = (path: string[], value: unknown): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit([...path, key], inner);
    } else if (typeof value === "string" && value !== "") {
      const name = path.at(-1) ?? "";
      const named = SECRET_NAME.test(name) && !REFERENCE.test(name);
      if (named || SECRET_VALUE.test(value)) {
        found.push(
          `${path.join(".")}: a secret in plain text; \`pulumi config set --secret --path '${path.join(".")}'\` encrypts it`,
        );
      }
    }
  };
  for (const [key, text] of Object.entries(raw)) {
    if (!encrypted(key)) visit([key], parse(text));
  }
  return found;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
