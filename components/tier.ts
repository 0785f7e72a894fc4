import type { SiteOutputs } from "../plan/outputs";

/** Everything that the house knows of a tier; components/tiers.ts lists them. */
export interface Tier {
  /** Units that must be active on each of its machines. */
  units(site: SiteOutputs): string[];
}
