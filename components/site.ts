import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { SiteConfig } from "./config";
import { hpcHome } from "./home";
import { plan, type Topology } from "./topology";

/** What every tier needs to know of the site it is part of. */
export interface Site {
  config: SiteConfig;
  topology: Topology;
  /** Prefix of everything that lives outside the state (domains, networks): `<project>-<stack>`. */
  prefix: string;
  /** Directory of this machine for images and the containers' disks. */
  home: string;
  /** Name of the libvirt network; known once it exists. */
  network: pulumi.Input<string>;
  /** Private key file for root on the machines. */
  sshKeyFile: string;
}

/** Builds the site of the present stack from its validated config. */
export function makeSite(config: SiteConfig, network: pulumi.Input<string>): Site {
  const home = hpcHome();
  return {
    config,
    topology: plan(config),
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    home,
    network,
    sshKeyFile: config.ssh?.privateKeyFile ?? path.join(home, "ssh", "id_ed25519"),
  };
}
