import * as pulumi from "@pulumi/pulumi";
import { Machine } from "./components/machine";
import { SiteNetwork } from "./components/network";
import { makeSite } from "./components/site";
import { loadConfig } from "./components/stackConfig";

const config = loadConfig();
const network = new SiteNetwork("site", {
  config,
  networkName: `${pulumi.getProject()}-${pulumi.getStack()}`,
});
const site = makeSite(config, network.networkName);
const machines = Object.values(site.topology.machines)
  .flat()
  .map((spec) => new Machine(spec.name, { spec, site }));

export const addresses = machines.map((machine) => machine.address);
