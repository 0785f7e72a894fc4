import { containers } from "./container/driver";
import type { Driver } from "./driver";
import type { Ground } from "./place";
import type { VmConfig } from "./vm/settings";
import { vms } from "./vm/driver";

/** What a driver is made from. */
export interface DriverSite extends Ground {
  /** The one that the config chose. */
  driver: string;
  vm?: VmConfig;
  /** Debian packages that each machine must have. */
  packages: string[];
}

/**
 * The driver of a site, with the network that its machines are attached to. @param name of the network's component
 * @throws where a config that was checked cannot lead
 */
export function makeDriver(name: string, { driver, vm, packages, ...site }: DriverSite): Driver {
  if (driver === "container") return containers(name, site);
  if (driver === "vm" && vm) return vms(name, { ...site, vm }, packages);
  throw new Error(`no driver "${driver}", or its keys are missing`);
}
