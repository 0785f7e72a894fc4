import type { ConfigOf, VipOf } from "../plan/config";
import type * as machine from "../plan/machine";
import type * as topology from "../plan/topology";
import type { DriverKeys } from "../drivers/plans";
import { compute } from "./compute/tier";
import { controllers } from "./controllers/tier";
import { entry } from "./entry/tier";
import { galera } from "./galera/tier";
import { login } from "./login/tier";
import { monitor } from "./monitor/tier";
import { redis } from "./redis/tier";
import { share } from "./share/tier";
import { web } from "./web/tier";

/** All tiers, what others stand on first: the order in which they are rolled. */
export const tiers = { share, galera, redis, entry, web, controllers, compute, login, monitor };

export type TierName = keyof typeof tiers;
export type VipName = VipOf<typeof tiers>;
export type MachineSpec = machine.MachineSpec<TierName>;
export type Topology = topology.Topology<TierName, VipName>;

/** The validated stack config of the site, with all defaults filled in. */
export interface SiteConfig extends ConfigOf<typeof tiers>, DriverKeys {}
