import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { SiteConfig } from "../plan/config";
import { hpcHome } from "../lib/home";
import type { Hypervisors } from "../drivers/vm/hypervisors";
import type { SiteNetwork } from "../drivers/network";
import { plan, type Topology } from "../plan/topology";

/** What every tier needs to know of the site it is part of. */
export interface Site {
  config: SiteConfig;
  topology: Topology;
  /** Prefix of everything that lives outside the state (domains, networks): `<project>-<stack>`. */
  prefix: string;
  /** Directory of this machine for images and the containers' disks. */
  home: string;
  /** What the machines are attached to. */
  network: Pick<SiteNetwork, "name" | "resource">;
  /** Where they run; only with the vm driver. */
  hypervisors?: Hypervisors;
  /** Private key file for root on the machines. */
  sshKeyFile: string;
}

/** Builds the site of the present stack from its validated config. */
export function makeSite(
  config: SiteConfig,
  network: Site["network"],
  hypervisors?: Hypervisors,
): Site {
  const home = hpcHome();
  return {
    config,
    topology: plan(config),
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    home,
    network,
    hypervisors,
    sshKeyFile: config.ssh?.privateKeyFile ?? path.join(home, "ssh", "id_ed25519"),
  };
}
