import { z } from "zod";
import type { Tier } from "../../../components/tier";
import { tcp } from "../../../plan/rule";
import { NO_KEYS } from "../../../plan/tier";

const keys = {
  ...NO_KEYS,
  ports: { scratch: 7777 },
  settings: { scratch: z.strictObject({ greeting: z.string().default("hello") }).prefault({}) },
};

/** A tier as small as can be: one machine, one package, one unit, one port, one setting. */
export const scratch: Tier<typeof keys> = {
  keys,
  naming: { name: "scratch", single: true, firstHost: 180, firstHypervisor: 0 },
  size: { vcpus: 1, memoryMiB: 256 },
  count: () => 1,
  letsIn: ({ of }) => [tcp("scratch", 7777, of("web"))],
  packages: ["hello"],
  units: () => ["scratch"],
};
