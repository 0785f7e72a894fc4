import type { SiteOutputs } from "../plan/outputs";
import type { Roll, RunningSite } from "../rollout/roll";
import type { TierKeys, TierPlan } from "../plan/tier";
import type { Look } from "./look";
import type { SiteConfig, TierName } from "./tiers";

/** Everything that the house knows of a tier; components/tiers.ts lists them. */
export interface Tier<Keys extends TierKeys = TierKeys> extends TierPlan<
  Keys,
  SiteConfig,
  TierName
> {
  /** Units that must be active on each of its machines. */
  units: (site: Pick<SiteOutputs, "services" | "ldap" | "slurmRest">) => string[];
  /** A new machine of it that cannot be configured keeps nobody else from what comes after. Default: it fails the run. */
  independent?: boolean;
  /**
   * Its present machines are told of new ones before these begin: a new one that they do not know would take what is theirs.
   * Default: new ones come first, all together.
   */
  presentFirst?: boolean;
  /**
   * Exporters of its programs' own numbers, by name, with the key of each's port: its playbook installs them where there is a
   * monitor. Default: none.
   */
  exporters?: Record<string, string>;
  /** Units that must be active besides on the machine that holds a VIP of its, by the VIP's name. Default: none. */
  unitsWithVip?: Partial<Record<string, string[]>>;
  /**
   * What its machines tell a monitor besides, by name: a command that writes `/run/metrics/NAME/NAME.prom`, whole or not at
   * all. Default: nothing.
   */
  tells?: Record<string, string>;
  /** Logs that its programs write to a file, by the unit that writes it: a monitor gets them too. Default: none. */
  logFiles?: Record<string, string>;
  /** How it is looked at. Default: as machines with units. */
  look?: Look;
  /** How a running machine of it is changed, one at a time. Default: they are left alone. */
  roll?: (site: RunningSite) => Roll;
}
