import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";

/** The config of a site with this `slurm`, and more keys. @throws ConfigError */
export const parseSlurm = (slurm: object, more: Record<string, string> = {}) =>
  parseConfig({
    webReplicas: "2",
    cidr: "198.18.1.0/24",
    driver: "container",
    slurm: JSON.stringify(slurm),
    ...more,
  });

/** What it is refused for. */
export function slurmFaults(slurm: object): string[] {
  try {
    parseSlurm(slurm);
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}
