import type { SiteOutputs } from "../plan/outputs";
import type { TierKeys, TierPlan } from "../plan/tier";
import type { SiteConfig, TierName } from "./tiers";

/** Everything that the house knows of a tier; components/tiers.ts lists them. */
export interface Tier<Keys extends TierKeys = TierKeys> extends TierPlan<
  Keys,
  SiteConfig,
  TierName
> {
  /** Units that must be active on each of its machines. */
  units(site: SiteOutputs): string[];
}
