import * as pulumi from "@pulumi/pulumi";
import { enforcePolicy } from "../policy/enforce";
import { intentOf, numbersThere, plan, record } from "./house";
import { madeWith, otherThanMade } from "./made";
import { lastRecord } from "./record";
import { refusal } from "./refusal";
import { loadConfig, rawConfig } from "./stackConfig";
import { whyThatSize } from "./web/pool";
import { released, releasesOf } from "./web/releases";

/**
 * What the site is to be, by its config and by the record of what there is.
 * @throws what is refused, before anything is made
 */
export async function wantedSite() {
  const before = await lastRecord();
  const stackConfig = rawConfig();
  const config = loadConfig(stackConfig, before);
  const topology = plan(config, before);
  enforcePolicy(intentOf(config, topology, before));
  const services = released(config.services, config.webPool && before?.made?.versions);
  const releases = releasesOf(services);
  const made = madeWith(stackConfig.raw, stackConfig.secret, services);
  const other = config.webPool && otherThanMade(before, made);
  if (other !== undefined) throw refusal(other);
  const poolReason = whyThatSize(
    config,
    numbersThere("web", before),
    topology.machines.web.map(({ name }) => name),
  );
  if (poolReason !== undefined) void pulumi.log.info(poolReason);
  return {
    config,
    topology,
    services,
    releases,
    /** The record of it, for the next time. */
    kept: { ...record(config, before), made },
  };
}
