import { z } from "zod";
import { expandHostlist } from "../../plan/hostlist";
import { bareKey } from "../../plan/sshKeys";
import type { MachineGroup } from "../../plan/tier";
import { lineOptions, type Options } from "./options";

/** Several names or addresses as one word, e.g. gpu[01-40]. */
const hostlist = z.string().superRefine((text, context) => {
  try {
    expandHostlist(text);
  } catch (e) {
    context.addIssue({ code: "custom", message: (e as Error).message });
  }
});
const count = z.int().min(1);
/** Words of a list, such as Features. */
const word = z.string().regex(/^[\w.-]+$/, "letters, digits, _ . and - only");

const gres = z.strictObject({
  /** E.g. gpu. */
  name: word,
  /** E.g. a100; jobs may ask for it. Required: with a second kind of GPU all that has none is ambiguous. */
  type: word,
  /** How many each node has. */
  count,
  /** Its devices, one each, as in gres.conf: /dev/nvidia[0-3]. Default: it is counted only, and nobody is kept from it. */
  files: z
    .string()
    .regex(/^\/dev\/[\w/,[\]-]+$/, "devices, e.g. /dev/nvidia[0-3]")
    .optional(),
});

/** How this program gets to machines that it did not make. */
const nodeSsh = z.strictObject({
  /** Who logs in. Who is not root must be allowed to use sudo without a password. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_.-]*$/, "the name of a user")
    .default("root"),
  port: z.int().min(1).max(65535).default(22),
  /**
   * Whether slurmd, munge and what else is missing there is installed, by the machine's own package manager from its own sources:
   * only where that is the Slurm of the controllers. Default: such a machine is refused, with the command that installs it.
   */
  installPackages: z.boolean().default(false),
  /** Private key: OpenSSH's format, no passphrase. Default: that of ssh.privateKeyFile. */
  privateKeyFile: z.string().min(1).optional(),
  /** The same as text, encrypted in the config: for several administrators. */
  privateKey: z.string().min(1).optional(),
  /** Host key of each machine, by its name: type and key. Required but with knownHostsFile. */
  hostKeys: z
    .record(
      z.string(),
      z.string().refine((key) => bareKey(key) !== undefined, "type and key, as in OpenSSH's .pub"),
    )
    .optional(),
  /** Where ssh finds them instead, on the machine that runs `pulumi up`. */
  knownHostsFile: z.string().min(1).optional(),
});

export const nodeGroup = z.strictObject({
  /** Partitions take the group by it; the machines that this program makes are called so, with a number from 1. */
  name: z
    .string()
    .regex(
      /^[a-z]([a-z0-9-]{0,30}[a-z-])?$/,
      "small letters, digits and -, and a letter at the end",
    ),
  /** How many machines this program makes. Not with hosts. */
  count: z.int().min(0).optional(),
  /** Address of the first of them; the others follow it. Required but for the first such group. */
  firstAddress: z.ipv4().optional(),
  /** Machines that there are: this program never makes or deletes them. Not with count. */
  hosts: z
    .array(
      z.strictObject({
        /** Host names as slurmd has them, e.g. gpu[01-40]. */
        names: hostlist,
        /** Their addresses in the same order, e.g. 10.2.0.[1-40]. */
        addresses: hostlist,
      }),
    )
    .min(1)
    .optional(),
  /**
   * By which this program makes them nodes, and keeps them so: slurmd, munge, names. Default: it does nothing there
   * (`npx hpc node-kit`).
   */
  ssh: nodeSsh.optional(),
  /** Of a machine that is made: its CPUs. Of others: what slurmd -C says; default sockets × cores × threads. */
  cpus: count.optional(),
  /** Of machines that there are, as slurmd -C says. Default: each CPU is a socket, as in VMs. */
  sockets: count.optional(),
  coresPerSocket: count.optional(),
  threadsPerCore: count.optional(),
  /** Of a machine that is made: its memory. Of others: what jobs get of it (RealMemory of slurmd -C, or less). */
  memoryMiB: z.int().min(128).optional(),
  /** Root disk of a machine that is made. */
  diskGiB: z.int().min(4).optional(),
  /** Of machines that there are: size of /tmp. Default: none that jobs can ask for. */
  tmpDiskMiB: z.int().min(0).optional(),
  gres: z.array(gres).default([]),
  features: z.array(word).default([]),
  /** Jobs go to the lightest nodes that fit. Default 1. */
  weight: z.int().min(1).optional(),
  /** Other keys of NodeName's line. */
  options: lineOptions.default({}),
});
export type NodeGroup = z.infer<typeof nodeGroup>;

/** What of the config the groups come from; `computeNodes` is the short form of one group. */
export interface Grouped {
  computeNodes?: number | undefined;
  nodeGroups?: NodeGroup[] | undefined;
}

/** The only group of the short form. */
const SHORT = "compute";

export const groupsOf = ({ nodeGroups, computeNodes = 2 }: Grouped): NodeGroup[] =>
  nodeGroups ?? [nodeGroup.parse({ name: SHORT, count: computeNodes })];

/** The groups of machines that are made. */
export const machineGroups = (slurm: Grouped): MachineGroup[] =>
  groupsOf(slurm).flatMap(({ name, count, firstAddress, cpus, memoryMiB, diskGiB }) =>
    count === undefined
      ? []
      : [
          {
            name,
            count,
            firstAddress,
            size: {
              ...(cpus !== undefined && { vcpus: cpus }),
              ...(memoryMiB !== undefined && { memoryMiB }),
              ...(diskGiB !== undefined && { diskGiB }),
            },
          },
        ],
  );

/** Machines of a group that are not made. */
export const hostsOf = ({ hosts = [] }: NodeGroup): { name: string; address: string }[] =>
  hosts.flatMap(({ names, addresses }) => {
    const all = expandHostlist(addresses);
    return expandHostlist(names).map((name, i) => ({ name, address: all[i] ?? "" }));
  });

/** All machines that are not made. */
export const ownHosts = (slurm: Grouped): { name: string; address: string }[] =>
  groupsOf(slurm).flatMap(hostsOf);

/** Size of a node as its line has it. */
export interface NodeSize {
  cpus: number;
  memoryMiB: number;
  tmpMiB: number;
}

/** NodeName's line behind name and address. */
export function nodeParameters(group: NodeGroup, { cpus, memoryMiB, tmpMiB }: NodeSize): string {
  const { sockets, coresPerSocket, threadsPerCore, features, weight } = group;
  const gres = group.gres.map(({ name, type, count }) => `${name}:${type}:${count}`);
  const all: Options = {
    CPUs: String(cpus),
    ...(sockets !== undefined && {
      Sockets: String(sockets),
      CoresPerSocket: String(coresPerSocket ?? 1),
      ThreadsPerCore: String(threadsPerCore ?? 1),
    }),
    RealMemory: String(memoryMiB),
    ...(tmpMiB > 0 && { TmpDisk: String(tmpMiB) }),
    ...(gres.length > 0 && { Gres: gres.join(",") }),
    ...(features.length > 0 && { Features: features.join(",") }),
    ...(weight !== undefined && { Weight: String(weight) }),
    ...group.options,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}
