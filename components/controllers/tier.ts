import { z } from "zod";
import { label } from "../../plan/config";
import { tcp, vrrp } from "../../plan/rule";
import { STATE_SHARE } from "../slurm";
import { accountFaults, accounts, enforce } from "../slurm/accounts";
import { files, ownFileFaults } from "../slurm/files";
import { mail, mailFaults } from "../slurm/mail";
import { nodeGroup, ownHosts } from "../slurm/nodes";
import { optionFaults, options } from "../slurm/options";
import { packagesOf, slurmPackages, WHY_NOT_OTHER, type WithPackages } from "../slurm/packages";
import { partition, partitionFaults } from "../slurm/partitions";
import { purge } from "../slurm/purge";
import { rest, restFaults, restUnits } from "../slurm/rest";
import type { Tier } from "../tier";
import { USER_PACKAGES, userFaults, users, userUnits } from "../users";
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
    /** Slurm's REST API, on the controllers and, for web nodes, on the data VIP. */
    slurmrestd: 6820,
    /** Tokens for the portal. */
    slurmTokens: 6821,
    /** fence_virtd of the hypervisor. */
    fence: 1229,
  },
  vips: { slurm: 100 },
  settings: {
    slurm: z
      .strictObject({
        clusterName: label.default("hpc"),
        /**
         * Which Slurm the machines have: `debian`, the one of Debian 12 (22.05), or `24.11`, built on this machine when an
         * image with it is made for the first time (components/slurm/packages.ts). Of a site that is there it must stay.
         */
        packages: slurmPackages.default("debian"),
        /** Short form of `partitions`: the name of one for all nodes. Default main. */
        partition: label.optional(),
        /** The partitions. Default: one. */
        partitions: z.array(partition).min(1).optional(),
        /** Short form of `nodeGroups`: the number of nodes that are all alike, compute1 and on. Default 2. */
        computeNodes: z.int().min(1).optional(),
        /** The nodes, by what they are. Default: one group. */
        nodeGroups: z.array(nodeGroup).min(1).optional(),
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
        files,
        /** The site's mail server, by which jobs' mails (`--mail-type`) are sent. Default: none, and they are dropped. */
        mail: mail.optional(),
        /**
         * Whether users may log in by ssh on compute nodes: where they have a job, into which their processes go, and nowhere
         * else (pam_slurm_adopt). root may always. Default: no, the firewall lets none in.
         */
        nodeLogin: z.boolean().default(false),
        /** Accounts, users and QOS that slurmdbd is to have. Default: what administrators tell it. */
        accounts: accounts.optional(),
        /**
         * What a job is refused for: AccountingStorageEnforce. Default: nothing, and limits are recorded only. Users that
         * slurmdbd does not know can run nothing then.
         */
        enforce: enforce.default([]),
        /** Longest wait for the jobs of nodes that leave or change, s; they take no new ones. Default 300. */
        drainSeconds: z.int().min(0).max(86400).default(300),
        /**
         * Whether batch jobs that a crash of slurmctld has taken (those of its last five seconds) are submitted again by
         * themselves, as their users, where the accounting knows these. One that had begun begins again. Default: an
         * administrator decides (`npx hpc lost-jobs`).
         */
        resubmitLost: z.boolean().default(false),
        /** When the accounting forgets what. */
        purge,
        rest,
      })
      .prefault({}),
    users,
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
    values: ({ slurm }) => ({
      "slurm.clusterName": slurm.clusterName,
      "slurm.packages": slurm.packages,
    }),
    formerly: { "slurm.packages": "debian" },
    whyNot: { "slurm.packages": WHY_NOT_OTHER },
  },
  letsIn: ({ config: { ports, slurm: settings }, of, machines }) => {
    // Users' commands (sbatch, sacct, …) run on the login machine, and in jobs.
    const own = ownHosts(settings).map(({ address }) => address);
    const slurm = [...of("controllers", "compute", "login"), ...own];
    return [
      tcp("slurmctld", ports.slurmctld, slurm),
      tcp("slurmdbd", ports.slurmdbd, slurm),
      ...(settings.rest.enabled ? [tcp("REST API", ports.slurmrestd, of("entry"))] : []),
      ...(settings.rest.portal ? [tcp("tokens", ports.slurmTokens, of("entry"))] : []),
      vrrp(machines("controllers")),
    ];
  },
  packages: ({ slurm }: WithPackages) => [
    ...packagesOf(slurm.packages).packages.controllers,
    "munge",
    // PMIx, by which srun starts MPI programs.
    "libpmix2",
    "keepalived",
    // The state share.
    "nfs-common",
    // slurmctld's log is on the state share.
    "logrotate",
    // A controller switches the other one off through the hypervisor.
    "fence-virt",
    ...USER_PACKAGES,
  ],
  check: ({ slurm, users, vrrp, services }, host) => [
    ...(slurm === undefined
      ? []
      : [
          ...(slurm.routerId === vrrp?.entryRouterId
            ? [`slurm.routerId = ${slurm.routerId}: must differ from vrrp.entryRouterId`]
            : []),
          ...partitionFaults(slurm),
          ...ownFileFaults(slurm, host),
          ...accountFaults(slurm.accounts, slurm.options),
          ...mailFaults(slurm.mail),
          ...optionFaults(slurm.options, {
            jobSubmit: slurm.files.jobSubmit !== undefined,
            mail: slurm.mail !== undefined,
            nodeLogin: slurm.nodeLogin,
          }),
          ...restFaults(slurm.rest, { options: slurm.options, services, users }),
        ]),
    ...(users === undefined ? [] : userFaults(users, host)),
  ],
  units: (site) => [
    MUNGE,
    SLURMDBD,
    SLURM_WATCH,
    KEEPALIVED,
    ...userUnits(site),
    ...restUnits(site),
  ],
  unitsWithVip: { slurm: [SLURMCTLD] },
  tells: {
    slurm: "/usr/local/sbin/slurm-ha metrics",
    sbatch: "/usr/local/sbin/slurm-ha reached",
  },
  logFiles: { [SLURMCTLD]: `${STATE_SHARE}/logs/slurmctld.log` },
  look,
  roll,
};
