import { existsSync, realpathSync } from "node:fs";
import * as path from "node:path";
import type { Site } from "../components/site";
import type { MachineSpec } from "../plan/topology";

/** Directory of one machine (or share) of a site; removed with it. */
export const machineDirectory = (site: Site, name: string): string =>
  path.join(site.home, "sites", site.prefix, name);

/**
 * Shell command that removes a site's directory with its last part; others may be doing the same right now.
 */
export const removeIfEmpty = (directory: string): string =>
  `{ rmdir --ignore-fail-on-non-empty "${directory}" 2>/dev/null || [ ! -e "${directory}" ]; }`;

/** Libvirt's name of a machine, unique on the host. */
export const domainName = (site: Site, spec: MachineSpec): string => `${site.prefix}-${spec.name}`;

/**
 * The present container root file system.
 * @throws when none was built yet, with the command that builds it.
 */
export function imagePath(home: string): string {
  const current = path.join(home, "images", "rootfs");
  if (!existsSync(current)) {
    throw new Error(`No machine image in ${current}: \`npm run lab\` builds it`);
  }
  return realpathSync(current);
}
