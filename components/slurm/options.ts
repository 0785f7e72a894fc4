import { z } from "zod";
import { type Mail, MAIL_OPTIONS, mailOptions } from "./mail";

/** Why a key of slurm.conf is not the owner's: what says it instead. */
const OWNED: Record<string, string> = {
  ...all("slurm.clusterName says it", "ClusterName"),
  ...all(
    "the controller is the machine that has the Slurm VIP",
    "SlurmctldHost ControlMachine ControlAddr BackupController BackupAddr SlurmctldTimeout",
  ),
  ...all("ports says it", "SlurmctldPort SlurmdPort SrunPortRange AccountingStoragePort"),
  ...all(
    "the controllers, their units and the firewall rely on it",
    "SlurmUser SlurmdUser AuthType CredType StateSaveLocation SlurmctldLogFile SlurmctldPidFile SlurmdSpoolDir SlurmdPidFile",
  ),
  ...all("what administrators set with scontrol outlives a change", "ReconfigFlags"),
  ...all("failoverPatience says it", "MessageTimeout TCPTimeout"),
  ...all(
    "slurmdbd runs on the controllers",
    "AccountingStorageType AccountingStorageHost AccountingStorageBackupHost AccountingStorageUser AccountingStoragePass AccountingStorageLoc",
  ),
  ...all("slurm.proctrack says it", "ProctrackType"),
  ...all("slurm.taskPlugin says it", "TaskPlugin"),
  ...all("slurm.nodeGroups says it", "NodeName NodeSet GresTypes DownNodes FrontendName"),
  ...all("slurm.partitions says it", "PartitionName"),
  ...all("slurm.files says it", "Prolog Epilog"),
  ...all("slurm.enforce says it", "AccountingStorageEnforce"),
  ...all("every key is in slurm.options", "Include"),
  ...all("what administrators set with scontrol stays, docs/operations.md", "ReconfigFlags"),
};

function all(reason: string, keys: string): Record<string, string> {
  return Object.fromEntries(keys.split(" ").map((key) => [key.toLowerCase(), reason]));
}

/** A key of slurm.conf and of its lines of nodes and partitions. */
const optionName = z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/, "a key of slurm.conf");
/** What stands behind `=` of one: text, a number, or true and false for YES and NO. */
const optionValue = z
  .union([
    z.string().regex(/^(?!.*\{[{%])[^\n\r#"]+$/, "one line without #, quotes, {{ and {%"),
    z.number(),
    z.boolean().transform((yes) => (yes ? "YES" : "NO")),
  ])
  .transform(String);
export const options = z.record(optionName, optionValue);
/** The same where several are on a line. */
export const lineOptions = z.record(
  optionName,
  optionValue.refine((value) => !/\s/.test(value), "one word"),
);
export type Options = z.infer<typeof options>;

/** Keys that several may add to; what is there stays. */
const LISTS = { SlurmctldParameters: "enable_configless" };

/** What of the config decides about defaults. */
interface Decides {
  proctrack: string;
  /** Whether the owner has a topology.conf. */
  topology: boolean;
  /** What jobs are refused for. */
  enforce: readonly string[];
  /** Memory of a job that asks for none, by CPU: such jobs share every node by CPUs. */
  mibPerCpu: number;
  /** By whom mail is sent. Default: nobody has said it. */
  mail?: Mail | undefined;
  /** Whether users log in on nodes where they have jobs. Default: no. */
  nodeLogin?: boolean;
}

/** What a site would choose by itself, where the owner says nothing else. */
function defaults(decides: Decides): Options {
  const { proctrack, topology, enforce, mibPerCpu, mail, nodeLogin } = decides;
  // A container of the job's own on each of its nodes, from its start on: needs control groups, and so does X11.
  const flags =
    proctrack === "proctrack/cgroup" ? ["Contain", "X11"] : nodeLogin ? ["Contain"] : [];
  return {
    // A node that is silent for so long is down and its jobs are requeued. Far above any failover, so that no
    // failover ever looks like a dead node.
    SlurmdTimeout: "300",
    // A node that was down for any reason comes back by itself when its configuration is valid.
    ReturnToService: "2",
    // Jobs whose node died run again rather than fail.
    JobRequeue: "1",
    // Jobs stay in scontrol's and squeue's sight for so long after their end; sacct knows them for ever. Slurm's
    // default is 300 s, but a slurmctld that takes over reports all of them to slurmdbd once more before it serves
    // anybody: 3 ms each, 6 s with 1900 of them (measured).
    MinJobAge: "60",
    // Slurm's are 10000 and 1001, too few for a shared cluster with parameter studies.
    MaxJobCount: "100000",
    MaxArraySize: "10001",
    // What no node or partition can ever run is refused at once, not left pending.
    EnforcePartLimits: "ALL",
    // Those of the login are not the node's: RDMA wants all memory locked, large jobs many files.
    PropagateResourceLimitsExcept: "MEMLOCK,NOFILE",
    // Debian's Open MPI speaks it; a plain `srun ./a.out` works.
    MpiDefault: "pmix",
    SchedulerType: "sched/backfill",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_Core_Memory",
    // Jobs that do not ask for memory share a node by CPUs.
    DefMemPerCPU: String(mibPerCpu),
    JobAcctGatherType: "jobacct_gather/linux",
    JobCompType: "jobcomp/none",
    // `scontrol reboot`. A rack server takes minutes until it is back.
    RebootProgram: "/usr/sbin/reboot",
    ResumeTimeout: "600",
    ...mailOptions(mail),
    // The only way on which the errors of slurmstepd, which starts the jobs, reach the journal of their node.
    SlurmdSyslogDebug: "error",
    // Users that the controllers do not know are refused (files.ts).
    JobSubmitPlugins: "lua",
    ...(flags.length > 0 && { PrologFlags: flags.join(",") }),
    ...(topology && { TopologyPlugin: "topology/tree" }),
    ...(enforce.length > 0 && { AccountingStorageEnforce: enforce.join(",") }),
  };
}

/** The lines of slurm.conf that are the owner's to choose, with the defaults of those that he left alone. */
export function chosenOptions(own: Options, decides: Decides): Options {
  const known = new Map(
    Object.keys({ ...defaults(decides), ...LISTS }).map((key) => [key.toLowerCase(), key]),
  );
  const named = Object.fromEntries(
    Object.entries(own).map(([key, value]) => [known.get(key.toLowerCase()) ?? key, value]),
  );
  const lists = Object.entries(LISTS).map(([key, value]) => [
    key,
    [value, ...(named[key]?.split(",") ?? []).filter((v) => v !== value)].join(","),
  ]);
  const usual = defaults(decides);
  // One of the two is all that Slurm takes.
  if ("DefMemPerNode" in named) delete usual["DefMemPerCPU"];
  return { ...usual, ...named, ...(Object.fromEntries(lists) as Options) };
}

/** What there is beside the owner's keys. Default: nothing. */
interface Beside {
  /** A job_submit.lua of his. */
  jobSubmit: boolean;
  /** A mail server. */
  mail?: boolean;
  /** Users on nodes. */
  nodeLogin?: boolean;
}

/** Faults of the owner's keys. */
export function optionFaults(
  own: Options,
  { jobSubmit, mail = false, nodeLogin = false }: Beside,
): string[] {
  const seen = new Set<string>();
  return Object.entries(own).flatMap(([key, value]) => {
    const name = key.toLowerCase();
    const at = `slurm.options.${key} = "${value}"`;
    if (seen.has(name)) return [`${at}: it is there twice`];
    seen.add(name);
    const owner = OWNED[name];
    if (owner !== undefined) return [`${at}: this program's own, ${owner}`];
    if (mail && MAIL_OPTIONS.some((key) => key.toLowerCase() === name))
      return [`${at}: slurm.mail says it`];
    if (name === "jobsubmitplugins" && jobSubmit && !value.split(",").includes("lua")) {
      return [`${at}: must have lua, since slurm.files.jobSubmit is there`];
    }
    if (name === "prologflags" && nodeLogin && !/(^|,)contain(,|$)/i.test(value)) {
      return [`${at}: must have Contain, since slurm.nodeLogin is true`];
    }
    return [];
  });
}
