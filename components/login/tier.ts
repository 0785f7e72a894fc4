import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import { ownHosts } from "../slurm/nodes";
import { packagesOf, type WithPackages } from "../slurm/packages";
import type { Tier } from "../tier";
import { MUNGE } from "../units";
import { USER_PACKAGES, userUnits } from "../users";

const keys = {
  ...NO_KEYS,
  ports: {
    /**
     * Where a running srun listens, first and last. Each needs 3 ports, and 2 more for every 48 nodes
     * (slurm.conf(5)). Default 61000-63999: 600 at a time, above what Linux gives to outgoing connections.
     */
    srunFirst: 61000,
    srunLast: 63999,
  },
};

/** The machine from which users submit; they may log in on one of their own instead. */
export const login: Tier<typeof keys> = {
  keys,
  naming: { name: "client", single: true, firstHost: 190, firstHypervisor: 6 },
  members: { allowed: [0, 1], default: 1 },
  size: { vcpus: 2, memoryMiB: 2048 },
  letsIn: ({ config: { ports, slurm }, of }) => {
    const nodes = [...of("compute"), ...ownHosts(slurm).map(({ address }) => address)];
    return [
      tcp("srun", `${ports.srunFirst}-${ports.srunLast}`, [...of("controllers"), ...nodes]),
      // sattach, X11 and MPI's daemons of an salloc call back where those who wait listen: anywhere.
      tcp("parallel jobs", "1-65535", nodes),
    ];
  },
  packages: ({ slurm }: WithPackages) => [
    ...packagesOf(slurm.packages).packages.login,
    "munge",
    "libpmix2",
    // Windows of jobs.
    "xauth",
    // Users' files.
    "nfs-common",
    // Load tests.
    "apache2-utils",
    ...USER_PACKAGES,
  ],
  check: ({ ports }) => {
    if (!ports) return [];
    const { srunFirst: first, srunLast: last, slurmd } = ports;
    if (first > last)
      return [`ports.srunFirst = ${first}: must not be above ports.srunLast = ${last}`];
    // On compute nodes.
    return slurmd > first && slurmd < last
      ? [`ports.slurmd = ${slurmd}: must not be within ports.srunFirst to ports.srunLast`]
      : [];
  },
  units: (site) => [MUNGE, ...userUnits(site)],
};
