import { containerPlan } from "./container/settings";
import { vmPlan, type VmConfig } from "./vm/settings";

/** The drivers by the name that the config knows them by. */
export const driverPlans = { container: containerPlan, vm: vmPlan };

/** Keys that the drivers add to the stack config. */
export interface DriverKeys {
  /** What machines of the `vm` driver need; drivers/vm/settings.ts. Required with it. */
  vm?: VmConfig;
}
