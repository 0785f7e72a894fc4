import { z } from "zod";
import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import { inSubnet } from "../../plan/addresses";
import { groupFaults } from "../slurm/nodeFaults";
import { nodeSshFaults } from "../slurm/nodeSsh";
import { groupsOf, machineGroups, ownHosts } from "../slurm/nodes";
import { packagesOf, type WithPackages } from "../slurm/packages";
import type { Tier } from "../tier";
import { MUNGE } from "../units";
import { USER_PACKAGES, userUnits } from "../users";
import { mount, mountFaults } from "./mounts";
import { roll } from "./roll";

const keys = {
  ...NO_KEYS,
  ports: { slurmd: 6818 },
  settings: {
    /** File systems of the site's file servers, on compute nodes and login machine. Default: none. */
    mounts: z.array(mount).default([]),
  },
};

/** The compute nodes. */
export const compute: Tier<typeof keys> = {
  keys,
  naming: { name: "compute", firstHost: 161, firstHypervisor: 4 },
  size: { vcpus: 4, memoryMiB: 8192 },
  groups: ({ slurm }) => machineGroups(slurm),
  letsIn: ({ config: { ports, slurm }, of }) => {
    const own = ownHosts(slurm).map(({ address }) => address);
    return [
      // Ranks of a parallel job listen where they like; slurmd hands messages on to others.
      { what: "parallel jobs", protocol: "any", from: [...of("compute"), ...own] },
      tcp("slurmd", ports.slurmd, of("controllers", "login")),
      tcp("srun in a job", `${ports.srunFirst}-${ports.srunLast}`, of("controllers")),
      ...(slurm.nodeLogin ? [tcp("users with a job", 22, of("login"))] : []),
    ];
  },
  others: ({ slurm }) =>
    ownHosts(slurm).map((host) => ({ ...host, at: "slurm.nodeGroups, hosts" })),
  check: ({ slurm, cidr, mounts = [] }, files) => [
    ...mountFaults(mounts),
    ...(slurm === undefined
      ? []
      : [
          ...groupFaults(slurm),
          ...nodeSshFaults(slurm, files),
          ...groupsOf(slurm).flatMap(({ firstAddress: first }, i) =>
            first === undefined || cidr === undefined || inSubnet(first, cidr)
              ? []
              : [`slurm.nodeGroups.${i}.firstAddress = "${first}": must be inside ${cidr}`],
          ),
        ]),
  ],
  // nfs-common: users' files.
  packages: ({ slurm }: WithPackages) => [
    ...packagesOf(slurm.packages).packages.compute,
    "munge",
    "libpmix2",
    "xauth",
    "nfs-common",
    ...USER_PACKAGES,
  ],
  units: (site) => [MUNGE, "slurmd", ...userUnits(site)],
  roll,
};
