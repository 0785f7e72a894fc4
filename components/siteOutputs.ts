import type * as pulumi from "@pulumi/pulumi";
import type { Driver } from "../drivers/driver";
import type { SiteOutputs } from "../plan/outputs";
import type { Release } from "../releases/release";
import type { SiteFacts } from "../rollout/roll";
import type { SiteFiles } from "./siteFiles";
import { reachedHosts } from "./slurm/nodeSsh";
import type { SiteConfig } from "./tiers";
import { consoleAddress } from "./web/autoscaler";
import { PORTAL_ADMIN } from "./web/vars";

/** SiteOutputs with values that are known later. */
type Outputs = {
  [K in keyof SiteOutputs]:
    pulumi.Input<SiteOutputs[K]> | { [P in keyof SiteOutputs[K]]: pulumi.Input<SiteOutputs[K][P]> };
};

export interface SiteOutputsArgs {
  config: SiteConfig;
  facts: SiteFacts;
  files: SiteFiles;
  /** The key that `pulumi up` itself logs in with. */
  sshKeyFile: string;
  driver: Pick<Driver, "image" | "layers">;
  /** What the web services run. */
  releases: Pick<Release, "id">[];
}

/** What a site is made of and how to reach it; plan/outputs.ts describes each. Holds no secrets. */
export function siteOutputs({
  config,
  facts,
  files,
  sshKeyFile,
  driver,
  releases,
}: SiteOutputsArgs) {
  const { ports, autoscaler } = config;
  const httpsPort = ports.https === 443 ? "" : `:${ports.https}`;
  const { image, layers } = driver;
  const reached = reachedHosts(config.slurm).map(({ name }) => name);
  return {
    ...facts,
    urls: Object.fromEntries(
      config.services.map((s) => [s.name, `https://${facts.vips.web}${httpsPort}${s.path}`]),
    ),
    ssh: {
      user: "root",
      privateKeyFile: sshKeyFile,
      knownHostsFile: files.knownHosts,
    },
    inventoryFile: files.inventory,
    caFile: files.ca,
    portalUser: PORTAL_ADMIN,
    ...(image && {
      image: {
        built: new Date(image.built).toISOString(),
        lacks: layers
          ? []
          : releases.map(({ id }) => id).filter((id) => !image.releases.includes(id)),
      },
    }),
    ...(reached.length > 0 && { externalNodes: reached }),
    ...(autoscaler.enabled && {
      console: `https://${consoleAddress(autoscaler, config.cidr)}:${autoscaler.console.port}`,
      timeZone: autoscaler.timeZone,
    }),
  } satisfies Outputs;
}
