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
 * Whether all HAProxy nodes have every web node up in every backend: pure. Who is in a backend of none of them is still
 * to come, as a new service is or a new web node: the membership puts them there, when all is configured.
 * @returns who is missing; "" when nobody is
 */
export function missingInRotation(nodes: Rotation[], { addresses, services }: Site): string {
  for (const node of nodes) {
    for (const [name, address] of Object.entries(addresses["web"] ?? {})) {
      for (const service of Object.keys(services)) {
        if (find(node, service, address)?.up === true) continue;
        if (!nodes.some((n) => find(n, service, address))) continue;
        return `${name} is not in rotation for ${service} on ${node.node}`;
      }
    }
  }
  return "";
}

/**
 * Whether a web node can be taken out without leaving a service to nobody: pure. A pool of one has no other.
 * @returns which service has no spare; "" when all have
 */
export function missingSpare(nodes: Rotation[], { addresses, services }: Site): string {
  if (Object.keys(addresses["web"] ?? {}).length < 2) return "";
  for (const { node, servers } of nodes) {
    for (const service of Object.keys(services)) {
      const [one, another] = servers.filter((s) => s.backend === service && s.up);
      if (!one || another) continue;
      const found = Object.entries(addresses["web"] ?? {}).find(([, a]) => a === one.address);
      return `only ${found?.[0] ?? one.address} is in rotation for ${service} on ${node}`;
    }
  }
  return "";
}
