import { addressesOf } from "../plan/outputs";
import type { SiteFacts } from "../rollout/roll";
import type { SiteConfig, Topology } from "./tiers";

/** What of a site is known before a machine is made, as its outputs say it. Pure. */
export const factsOf = (config: SiteConfig, { machines, vips }: Topology): SiteFacts => ({
  addresses: addressesOf(Object.values(machines).flat()),
  vips,
  services: Object.fromEntries(
    config.services.map(({ name, port, healthPath, healthHost, healthStatus, checkSeconds }) => [
      name,
      { port, healthPath, ...(healthHost && { healthHost }), healthStatus, checkSeconds },
    ]),
  ),
  webPool: {
    size: machines.web.length,
    min: config.web.min,
    max: config.web.max,
    drainSeconds: config.web.drainSeconds,
  },
  failoverPatience: config.failoverPatience,
  ...(config.users.ldap && { ldap: true }),
  ...(config.slurm.rest.enabled && {
    slurmRest: { portal: config.slurm.rest.portal !== undefined },
  }),
});
