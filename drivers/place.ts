import { existsSync, realpathSync, statSync } from "node:fs";
import * as path from "node:path";

/** Where a site is outside Pulumi's state. */
export interface Place {
  /** Prefix of its domains and networks, unique on their hosts: `<project>-<stack>`. */
  prefix: string;
  /** Directory of this machine for images and the containers' disks. */
  home: string;
  /** Private key file for root on the machines; `~` as for ssh. */
  sshKeyFile: string;
  /** Public keys that may log in as root, that of the private one among them. */
  authorizedKeys: string[];
}

/** What every driver knows of a site. */
export interface Ground {
  place: Place;
  /** The site's subnet. */
  cidr: string;
  /** Libvirt URI in which the network is made. */
  libvirtUri: string;
  /** Network interface inside the machines. */
  interface: string;
  prefixLength: number;
  gateway: string;
  /** Name of the link to the containers' root file system, below the home's `images`. */
  image: string;
}

/** Directory of one machine (or share) of a site; removed with it. */
export const machineDirectory = (place: Pick<Place, "prefix" | "home">, name: string): string =>
  path.join(place.home, "sites", place.prefix, name);

/**
 * Shell command that removes a site's directory with its last part; others may be doing the same right now.
 */
export const removeIfEmpty = (directory: string): string =>
  `{ rmdir --ignore-fail-on-non-empty "${directory}" 2>/dev/null || [ ! -e "${directory}" ]; }`;

/** Libvirt's name of a machine, unique on the host. */
export const domainName = (place: Pick<Place, "prefix">, spec: { name: string }): string =>
  `${place.prefix}-${spec.name}`;

/** In every image that is built here: its time is when that was. */
export const IMAGE_MARK = "etc/hpc-ha-image";

/** When the present container root file system was built, ms since 1970; undefined when there is none. */
export const imageBuilt = (home: string, image: string): number | undefined =>
  statSync(path.join(home, "images", image, IMAGE_MARK), { throwIfNoEntry: false })?.mtimeMs;

/**
 * The present container root file system.
 * @param image name of its link
 * @throws when none was built yet, with the command that builds it.
 */
export function imagePath(home: string, image: string): string {
  const current = path.join(home, "images", image);
  if (!existsSync(current)) {
    throw new Error(`No machine image in ${current}: \`npm run lab\` builds it`);
  }
  return realpathSync(current);
}
