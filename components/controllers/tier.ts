import { z } from "zod";
import { label } from "../../plan/config";
import { tcp, vrrp } from "../../plan/rule";
import { optionFaults, options } from "../slurm/options";
import { purge } from "../slurm/purge";
import type { Tier } from "../tier";
import { KEEPALIVED, MUNGE } from "../units";
import { look } from "./look";
import { SLURM_WATCH, SLURMCTLD, SLURMDBD } from "./units";
import { roll } from "./roll";

/** Name of a plugin of Slurm, or several. */
const plugin = z.string().regex(/^[\w/,-]+$/, "names of Slurm's plugins, e.g. task/cgroup");
const keys = {
  ports: {
    slurmctld: 6817,
    slurmdbd: 6819,
    /** fence_virtd of the hypervisor. */
    fence: 1229,
  },
  vips: { slurm: 100 },
  settings: {
    slurm: z
      .strictObject({
        clusterName: label.default("hpc"),
        partition: label.default("main"),
        /** Number of compute nodes; slurmctld does not start without one. Default 2. */
        computeNodes: z.int().min(1).default(2),
        /** VRRP router id of the Slurm VIP. Default 51 (the owner's figure). */
        routerId: z.int().min(1).max(255).default(51),
        /** Slurm's ProctrackType. Default cgroup; containers need linuxproc. */
        proctrack: plugin.default("proctrack/cgroup"),
        /** Slurm's TaskPlugin. Default: processes are bound and confined; containers need task/none. */
        taskPlugin: plugin.default("task/affinity,task/cgroup"),
        /**
         * Keys of slurm.conf that differ from what this program chooses (components/slurm/options.ts), or that it does
         * not know. Those that it owns are refused. Default: none.
         */
        options: options.default({}),
        /** When the accounting forgets what. */
        purge,
      })
      .prefault({}),
  },
};

/** The two Slurm controllers: slurmctld where the VIP is, slurmdbd on both. */
export const controllers: Tier<typeof keys> = {
  keys,
  naming: { name: "slurm-m", firstHost: 10, firstHypervisor: 0, apart: true, fenced: true },
  size: { vcpus: 8, memoryMiB: 32768 },
  count: () => 2,
  keeps: {
    addresses: true,
    // Accounting and the state on the share.
    values: ({ slurm }) => ({ "slurm.clusterName": slurm.clusterName }),
  },
  letsIn: ({ config: { ports }, of, machines }) => {
    // Users' commands (sbatch, sacct, …) run on the login machine, and in jobs.
    const slurm = of("controllers", "compute", "login");
    return [
      tcp("slurmctld", ports.slurmctld, slurm),
      tcp("slurmdbd", ports.slurmdbd, slurm),
      vrrp(machines("controllers")),
    ];
  },
  packages: [
    "slurmctld",
    "slurmdbd",
    "slurm-client",
    "munge",
    // PMIx, by which srun starts MPI programs.
    "libpmix2",
    "keepalived",
    // The state share.
    "nfs-common",
    // A controller switches the other one off through the hypervisor.
    "fence-virt",
  ],
  check: ({ slurm, vrrp }) =>
    slurm === undefined
      ? []
      : [
          ...(slurm.routerId === vrrp?.entryRouterId
            ? [`slurm.routerId = ${slurm.routerId}: must differ from vrrp.entryRouterId`]
            : []),
          ...optionFaults(slurm.options, { jobSubmit: false }),
        ],
  units: () => [MUNGE, SLURMDBD, SLURM_WATCH, KEEPALIVED],
  unitsWithVip: { slurm: [SLURMCTLD] },
  look,
  roll,
};
