import type { z } from "zod";
import type { Hosting } from "./placement";
import type { PlanConfig } from "./machine";

/** A machine that has an address and a hypervisor already. */
export interface HostedMachine {
  name: string;
  tier: string;
  hypervisor: string;
}

/** What the plan must know of a driver. Pure; the list of them is handed to the plan, which knows none by name. */
export interface DriverPlan {
  /** Its keys, at the top of the config. @param tiers names by what may be said of them */
  settings(tiers: { apart: string[]; all: string[] }): z.ZodRawShape;
  /** Rules that span its keys. @param driver the one that the config chose */
  check(driver: string, config: Record<string, unknown>): string[];
  /** Faults of where the machines are. @param fenced those that may have each other switched off */
  checkMachines(config: PlanConfig, fenced: HostedMachine[]): string[];
  /** Which hypervisors there are, and who is wanted where. */
  hosting(config: PlanConfig): Hosting;
  /** Gateway of the machines. */
  gateway(config: PlanConfig): string;
  /** Whether a file system that machines share needs a machine that serves it. */
  needsShareMachine: boolean;
  /** Whether machines are made of directories and mounts of the host that runs `pulumi up`. */
  mountsHere: boolean;
}

export type DriverPlans = Record<string, DriverPlan>;
