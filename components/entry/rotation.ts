import type { SiteOutputs } from "../../plan/outputs";
import type { Server } from "./proxies";

/**
 * Whether one HAProxy node has every web node up in every backend: pure.
 * @param servers as that node has them
 * @returns who is missing; "" when nobody is
 */
export function missingInRotation(
  servers: Server[],
  node: string,
  { addresses, services }: Pick<SiteOutputs, "addresses" | "services">,
): string {
  for (const [name, address] of Object.entries(addresses["web"] ?? {})) {
    for (const service of Object.keys(services)) {
      const slot = servers.find((s) => s.backend === service && s.address === address);
      if (!slot?.up) return `${name} is not in rotation for ${service} on ${node}`;
    }
  }
  return "";
}
