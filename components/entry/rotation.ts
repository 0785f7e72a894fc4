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
 * Whether all HAProxy nodes have every web node up in every backend: pure. Who has been up in a backend of none of them
 * is still to come, as a new service is, or a new web node: others do without it for now.
 * @returns who is missing; "" when nobody is
 */
export function missingInRotation(nodes: Rotation[], { addresses, services }: Site): string {
  for (const node of nodes) {
    for (const [name, address] of Object.entries(addresses["web"] ?? {})) {
      for (const service of Object.keys(services)) {
        if (find(node, service, address)?.up === true) continue;
        if (!nodes.some((n) => find(n, service, address)?.neverUp === false)) continue;
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
