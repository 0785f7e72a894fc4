import { readFileSync } from "node:fs";
import { z } from "zod";
import { fileFaults, type Files } from "../../plan/files";
import { groupsOf, type Grouped } from "./nodes";
import { packagesOf, type WithPackages } from "./packages";

const file = z.string().min(1).optional();

/** Files of the owner's on the machine that runs `pulumi up`. */
export const files = z
  .strictObject({
    /** gres.conf. Default: what the groups' gres say. */
    gres: file,
    /** cgroup.conf. Default: jobs are confined to their processors, memory and devices. */
    cgroup: file,
    /** topology.conf; TopologyPlugin is topology/tree then. */
    topology: file,
    /** job_submit.lua; users that the controllers do not know are refused before it is asked. */
    jobSubmit: file,
    /**
     * Script that slurmd runs as root on each node before a job. It goes to the nodes that this program makes; on others
     * /etc/slurm/prolog-site must be there before, or they are drained.
     */
    prolog: file,
    /** The same after it. */
    epilog: file,
  })
  .prefault({});
export type OwnFiles = z.infer<typeof files>;

/** What of the config the files are made of. */
export interface Filed extends Grouped {
  files: OwnFiles;
  proctrack: string;
}

/** Faults of the owner's files. */
export function ownFileFaults(slurm: Filed, host: Files): string[] {
  const devices = groupsOf(slurm).some(({ gres }) => gres.some(({ files }) => files !== undefined));
  const script = (text: string) => (text.startsWith("#!") ? [] : ["must begin with #!"]);
  const checks: Record<string, (text: string) => string[]> = {
    gres: () => (devices ? ["not with files of gres in slurm.nodeGroups, which say the same"] : []),
    // Without it slurmstepd of 22.05 finds no control groups on nodes without a slurm.conf of their own.
    cgroup: (text) =>
      /^CgroupMountpoint=/im.test(text) ? [] : ["must have CgroupMountpoint=/sys/fs/cgroup"],
    jobSubmit: (text) =>
      ["slurm_job_submit", "slurm_job_modify"]
        .filter((name) => !new RegExp(`\\bfunction\\s+${name}\\b`).test(text))
        .map((name) => `must have the function ${name}`),
    prolog: script,
    epilog: script,
  };
  return Object.entries(slurm.files).flatMap(([key, file]) =>
    fileFaults(`slurm.files.${key}`, file, host, checks[key]),
  );
}

/** gres.conf as the groups have it; undefined where none has any. */
function gresConf(slurm: Grouped): string | undefined {
  const lines = groupsOf(slurm).flatMap((group) => {
    const { name, count = 0, hosts = [] } = group;
    const made = Array.from({ length: count }, (_, i) => `${name}${i + 1}`);
    const nodes = [...hosts.map(({ names }) => names), ...made].join(",");
    if (nodes === "") return [];
    return group.gres.map(({ name, type, count, files }) => {
      const what = files === undefined ? `Count=${count}` : `File=${files}`;
      return `NodeName=${nodes} Name=${name} Type=${type} ${what}`;
    });
  });
  return lines.length === 0 ? undefined : `${lines.join("\n")}\n`;
}

const CGROUP = `# Compute nodes get it from the controller, as they do slurm.conf. Without this line, and without the file, slurmstepd
# of 22.05 looks for control groups below "(null)" there, and no job starts.
CgroupMountpoint=/sys/fs/cgroup
# A job gets the processors and the memory that it asked for, and no more.
ConstrainCores=yes
ConstrainRAMSpace=yes
`;

const NO_LUA = `function slurm_job_submit() return slurm.SUCCESS end
function slurm_job_modify() return slurm.SUCCESS end`;

/**
 * job_submit.lua: the owner's, and before it a look whether the controllers know the user. slurmctld itself takes his job,
 * calls him nobody, and leaves it pending for ever (tried with 22.05).
 */
export function jobSubmit(own = NO_LUA): string {
  let level = "=";
  while (own.includes(`]${level}]`)) level += "=";
  // As a chunk of its own: it may end with a return, and its lines are numbered as the owner knows them.
  return `assert((loadstring or load)([${level}[
${own}
]${level}], "@job_submit.lua"))()
local own = slurm_job_submit
function slurm_job_submit(job, partitions, uid)
  if job.user_name == nil then
    -- Only a batch job says what its user is called.
    local name = job.script and job.environment["USER"]
    slurm.log_user("%s is not known to the controllers of this cluster",
      name and string.format("user %s (%d)", name, job.user_id) or string.format("user id %d", job.user_id))
    return 2010 -- ESLURM_USER_ID_MISSING: "Invalid user id"
  end
  return own(job, partitions, uid)
end
return slurm.SUCCESS
`;
}

/** Ansible would take braces of Lua and of shell for its own. */
const encoded = (text: string): string => Buffer.from(text).toString("base64");

/** What is beside slurm.conf on the controllers, by its name there; base64. */
export function besideSlurmConf(slurm: Filed & WithPackages["slurm"]): Record<string, string> {
  const { files, proctrack, packages } = slurm;
  const own = (file: string | undefined) =>
    file === undefined ? undefined : readFileSync(file, "utf8");
  const gres = own(files.gres) ?? gresConf(slurm);
  const all = {
    "gres.conf": gres,
    "cgroup.conf":
      own(files.cgroup) ??
      (proctrack === "proctrack/cgroup"
        ? `${CGROUP}${gres === undefined ? "" : "ConstrainDevices=yes\n"}`
        : packagesOf(packages).noCgroups),
    "topology.conf": own(files.topology),
    "job_submit.lua": jobSubmit(own(files.jobSubmit)),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, encoded(text)]],
    ),
  );
}

/** What nodes run around a job, by its name in slurm.conf; base64. */
export const nodeScripts = ({ files }: Pick<Filed, "files">): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ Prolog: files.prolog, Epilog: files.epilog }).flatMap(([name, file]) =>
      file === undefined ? [] : [[name, encoded(readFileSync(file, "utf8"))]],
    ),
  );
