import type { SiteOutputs } from "../../plan/outputs";
import type { Server } from "./proxies";

type Site = Pick<SiteOutputs, "addresses" | "services">;

/** One HAProxy node, and the servers that it has. */
export interface Rotation {
  node: string;
  servers: Server[];
}

const find = ({ servers }: Rotation, service: string, address: string): Server | undefined =>
  servers.find((s) => s.backend === service && s.address === address);

/**
 * Whether all HAProxy nodes have every web node up in every backend: pure.
 * @param but web nodes that do not count
 * @returns who is missing; "" when nobody is
 */
export const missingInRotation = (nodes: Rotation[], site: Site, but: string[] = []): string =>
  firstMissing(nodes, site, (web) => !but.includes(web));

/**
 * Whether one HAProxy node lacks what another has: pure. What nobody serves is no matter of these nodes: a new service or
 * web node is still to come, a broken one is for the web's own gate.
 * @param but HAProxy nodes that may: they do not know a new service yet
 * @returns who is missing, and where; "" when nobody is
 */
export const lackedByOne = (nodes: Rotation[], site: Site, but: string[] = []): string =>
  firstMissing(
    nodes.filter(({ node }) => !but.includes(node)),
    site,
    (_, service, address) => nodes.some((n) => find(n, service, address)?.up === true),
  );

function firstMissing(
  nodes: Rotation[],
  { addresses, services }: Site,
  counts: (web: string, service: string, address: string) => boolean,
): string {
  for (const node of nodes) {
    for (const [name, address] of Object.entries(addresses["web"] ?? {})) {
      for (const service of Object.keys(services)) {
        if (find(node, service, address)?.up === true || !counts(name, service, address)) continue;
        return `${name} is not in rotation for ${service} on ${node.node}`;
      }
    }
  }
  return "";
}

/**
 * Whether others serve what one web node serves: pure. A pool of one has no others.
 * @returns which service nobody else serves; "" when there is none
 */
export function servedByNobodyElse(nodes: Rotation[], machine: string, site: Site): string {
  const { [machine]: own, ...others } = site.addresses["web"] ?? {};
  if (Object.keys(others).length === 0) return "";
  for (const { node, servers } of nodes) {
    for (const service of Object.keys(site.services)) {
      const up = servers.filter((s) => s.backend === service && s.up);
      if (up.length !== 1 || up[0]?.address !== own) continue;
      return `nobody else is in rotation for ${service} on ${node}`;
    }
  }
  return "";
}
