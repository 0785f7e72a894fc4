import { gateway } from "../../plan/addresses";
import type { DriverPlan } from "../../plan/driver";

/** Containers of this host, by libvirt: no keys of their own, one host, whose directories they share. */
export const containerPlan: DriverPlan = {
  settings: () => ({}),
  check: () => [],
  checkMachines: () => [],
  hosting: () => ({ hypervisors: ["host"], placement: {}, allowOnOneHypervisor: [] }),
  gateway: ({ cidr }) => gateway(cidr),
  needsShareMachine: false,
  mountsHere: true,
};
