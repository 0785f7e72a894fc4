import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";
import { MUNGE } from "../units";
import { roll } from "./roll";

const keys = { ...NO_KEYS, ports: { slurmd: 6818 } };

/** The compute nodes. */
export const compute: Tier<typeof keys> = {
  keys,
  naming: { name: "compute", firstHost: 161, firstHypervisor: 4 },
  size: { vcpus: 4, memoryMiB: 8192 },
  count: ({ slurm }) => slurm.computeNodes,
  letsIn: ({ config: { ports }, of }) => [
    // Ranks of a parallel job listen where they like; slurmd hands messages on to others.
    { what: "parallel jobs", protocol: "any", from: of("compute") },
    tcp("slurmd", ports.slurmd, of("controllers", "login")),
    tcp("srun in a job", `${ports.srunFirst}-${ports.srunLast}`, of("controllers")),
  ],
  packages: ["slurmd", "slurm-client", "munge", "libpmix2", "xauth"],
  units: () => [MUNGE, "slurmd"],
  roll,
};
