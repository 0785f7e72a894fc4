import { z } from "zod";

/** Slurm that is built here: from the tarball inside Debian's own source package, which holds SchedMD's packaging. */
export interface SlurmSource {
  /** Of Slurm. */
  version: string;
  /** Debian's release and source package that the tarball is of, and its SHA-256. */
  suite: string;
  source: string;
  sha256: string;
  /** Names of all packages that come of it begin with this. */
  prefix: string;
  /** What its build needs besides a compiler: `Build-Depends` of its control file. */
  needs: readonly string[];
}

/** All that differs between the packages that Slurm may be of. What is not here is the same with all of them. */
export interface SlurmPackages {
  /** Of Slurm: the first two numbers of what `slurmctld -V` says. */
  release: string;
  /** Package names by tier. */
  packages: Record<"controllers" | "compute" | "login", readonly string[]>;
  /** Where they are built. Default: Debian's archive has them. */
  built?: SlurmSource;
  /** Job states that its slurmctld reads, from and to, by the numbers of Slurm's releases (SLURM_PROTOCOL_VERSION >> 8). */
  states: [oldest: number, newest: number];
  /** cgroup.conf of nodes without control groups of their own. Default: they need none. */
  noCgroups?: string;
  rest: {
    /** The newest version of the API, as paths have it. */
    api: "v0.0.38" | "v0.0.42";
    /** Options of slurmrestd that have it serve this one, of slurmctld and slurmdbd. */
    options: string;
  };
}

const DEBIAN: SlurmPackages = {
  release: "22.05",
  packages: {
    // The plugin is for tokens of the REST API.
    controllers: ["slurmctld", "slurmdbd", "slurmrestd", "slurm-wlm-jwt-plugin", "slurm-client"],
    // libpam-slurm-adopt: users log in where they have jobs (slurm.nodeLogin).
    compute: ["slurmd", "slurm-client", "libpam-slurm-adopt"],
    login: ["slurm-client"],
  },
  states: [36, 38],
  rest: { api: "v0.0.38", options: "-s openapi/v0.0.38,openapi/dbv0.0.38" },
};

/** SchedMD's packages make no user; image/slurmPackages.ts does. */
const BUILT_24_11: SlurmPackages = {
  release: "24.11",
  packages: {
    controllers: [
      ...["slurm-smd", "slurm-smd-client"],
      ...["slurm-smd-slurmctld", "slurm-smd-slurmdbd", "slurm-smd-slurmrestd"],
    ],
    compute: [
      ...["slurm-smd", "slurm-smd-client"],
      ...["slurm-smd-slurmd", "slurm-smd-libpam-slurm-adopt"],
    ],
    login: ["slurm-smd", "slurm-smd-client"],
  },
  built: {
    version: "24.11.5",
    suite: "trixie",
    source: "slurm-wlm",
    sha256: "e1a5547edd212c38b5e3230a284133f777b32746551f094aaa81cc4af375e332",
    prefix: "slurm-smd",
    needs: [
      ...["bash-completion", "debhelper", "dh-exec", "hdf5-helpers", "libcurl4-openssl-dev"],
      ...["libdbus-1-dev", "libfreeipmi-dev", "libgtk2.0-dev", "libhdf5-dev", "libhttp-parser-dev"],
      ...["libhwloc-dev", "libipmimonitoring-dev", "libjson-c-dev", "libjwt-dev", "liblua5.3-dev"],
      ...["liblz4-dev", "libmariadb-dev", "libmunge-dev", "libncurses-dev", "libpam0g-dev"],
      ...["libperl-dev", "libpmix-dev", "librdkafka-dev", "librrd-dev", "libyaml-dev"],
      ...["man2html-base", "po-debconf", "python3"],
    ],
  },
  states: [39, 42],
  // It looks for control groups wherever it is not told that there are none.
  noCgroups: "CgroupPlugin=disabled\n",
  rest: { api: "v0.0.42", options: "-s openapi/slurmctld,openapi/slurmdbd -d v0.0.42" },
};

const SETS = { debian: DEBIAN, "24.11": BUILT_24_11 };
export type SlurmPackagesName = keyof typeof SETS;

/** What `slurm.packages` may be: YAML takes 24.11 for a number. */
export const slurmPackages = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  z.enum(Object.keys(SETS) as [SlurmPackagesName, ...SlurmPackagesName[]]),
);

/** What of a config says which they are. */
export interface WithPackages {
  slurm: { packages: SlurmPackagesName };
}

export const packagesOf = (name: SlurmPackagesName): SlurmPackages => SETS[name];

/** What a node is to have of a Slurm release, in words; of one that is not known here its slurmd. */
export function nodePackages(release: string): string {
  const known = Object.values(SETS).find((set) => set.release === release);
  if (!known) return `munge and slurmd of Slurm ${release}`;
  const where = known.built ? "built with the cluster's image, ~/.hpc-ha/tools" : "Debian's";
  return `munge, libpmix2 and ${known.packages.compute.join(", ")} (${where})`;
}

/** Name of the link to the newest root file system with these packages: containers of one host may be of several. */
export const imageOf = (name: SlurmPackagesName): string =>
  packagesOf(name).built ? `rootfs-slurm-${name}` : "rootfs";

/** Of a running site, why it cannot be another: shown where the config says so. */
export const WHY_NOT_OTHER =
  "Slurm cannot go from one to the other in place: 24.11 reads neither the accounting, nor the job state, nor the nodes of " +
  "22.05, and 22.05 none of 24.11. Take it back; the way is a new site, with a new database and job ids above the old ones " +
  "(docs/slurm.md, Another Slurm)";
