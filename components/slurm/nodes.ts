import { z } from "zod";
import { expandHostlist } from "../../plan/hostlist";
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

/** What of NodeName's line this program writes, and by which key. */
const NODE_OWNED: Record<string, string> = {
  nodename: "name",
  nodeaddr: "hosts",
  nodehostname: "hosts",
  port: "ports.slurmd",
  cpus: "cpus",
  boards: "sockets",
  sockets: "sockets",
  socketsperboard: "sockets",
  corespersocket: "coresPerSocket",
  threadspercore: "threadsPerCore",
  realmemory: "memoryMiB",
  tmpdisk: "diskGiB or tmpDiskMiB",
  gres: "gres",
  feature: "features",
  features: "features",
  weight: "weight",
  state: "scontrol update",
  reason: "scontrol update",
};

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
  /** Machines that there are: this program never makes, changes or deletes them. Not with count. */
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
const hostsOf = ({ hosts = [] }: NodeGroup): { name: string; address: string }[] =>
  hosts.flatMap(({ names, addresses }) => {
    const all = expandHostlist(addresses);
    return expandHostlist(names).map((name, i) => ({ name, address: all[i] ?? "" }));
  });

/** All machines that are not made. */
export const ownHosts = (slurm: Grouped): { name: string; address: string }[] =>
  groupsOf(slurm).flatMap(hostsOf);

/** Faults of the groups, of each by itself and of all together. */
export function groupFaults(slurm: Grouped): string[] {
  const groups = groupsOf(slurm);
  const at = (i: number) => `slurm.nodeGroups.${i}`;
  const named = new Map<string, string>();
  const addressed = new Map<string, string>();
  const faults: string[] = [];
  if (slurm.nodeGroups && slurm.computeNodes !== undefined) {
    faults.push("slurm.computeNodes: is one group of nodes; not with slurm.nodeGroups");
  }
  groups.forEach((group, i) => {
    const { name, count, hosts } = group;
    if (groups.findIndex((other) => other.name === name) < i) {
      faults.push(`${at(i)}.name = "${name}": another group has this name`);
    }
    if ((count === undefined) === (hosts === undefined)) {
      faults.push(`${at(i)}: must have count or hosts`);
    }
    faults.push(...(hosts ? hostFaults(group, at(i)) : madeFaults(groups, i, at(i))));
    faults.push(...optionFaults(group, at(i)));
    for (const host of hostsOf(group)) {
      const [other, address] = [named.get(host.name), addressed.get(host.address)];
      if (other !== undefined) faults.push(`${at(i)}.hosts: ${host.name} is in ${other} too`);
      else if (address !== undefined && host.address !== "") {
        faults.push(`${at(i)}.hosts: ${host.address} is the address of ${address} too`);
      }
      named.set(host.name, name);
      addressed.set(host.address, host.name);
    }
  });
  const made = groups.flatMap(({ name, count = 0 }) =>
    Array.from({ length: count }, (_, n) => `${name}${n + 1}`),
  );
  faults.push(
    ...made
      .filter((name) => named.has(name))
      .map((name) => `slurm.nodeGroups: ${name} is there twice`),
  );
  if (made.length + named.size === 0) {
    faults.push("slurm.nodeGroups: no node; slurmctld does not start without one");
  }
  return faults;
}

function madeFaults(groups: NodeGroup[], i: number, at: string): string[] {
  const group = groups[i];
  if (!group) return [];
  const first = groups.findIndex(({ count }) => count !== undefined) === i;
  return [
    ...(first || group.firstAddress !== undefined || group.count === undefined
      ? []
      : [`${at}.firstAddress is missing: where the addresses of ${group.name}1 and on begin`]),
    ...(group.tmpDiskMiB === undefined
      ? []
      : [`${at}.tmpDiskMiB: follows from diskGiB of machines that are made`]),
    ...((group.sockets ?? group.coresPerSocket ?? group.threadsPerCore)
      ? [`${at}.sockets: each CPU of a machine that is made is a socket`]
      : []),
  ];
}

function hostFaults(group: NodeGroup, at: string): string[] {
  const { hosts = [], memoryMiB, diskGiB, firstAddress, cpus } = group;
  const lengths = hosts.flatMap(({ names, addresses }, n) => {
    const [is, of] = [expandHostlist(addresses), expandHostlist(names)];
    const wrong = is.find((address) => !z.ipv4().safeParse(address).success);
    return [
      ...(is.length === of.length
        ? []
        : [`${at}.hosts.${n}: ${of.length} names, ${is.length} addresses`]),
      ...(wrong === undefined ? [] : [`${at}.hosts.${n}.addresses = "${wrong}": no IPv4 address`]),
    ];
  });
  const missing = [
    ...(memoryMiB === undefined ? ["memoryMiB"] : []),
    ...(cpus === undefined && group.sockets === undefined ? ["cpus, or sockets"] : []),
  ].map((key) => `${at}.${key} is missing: what \`slurmd -C\` says on one of its machines`);
  const senseless = [
    ...(diskGiB === undefined ? [] : [`${at}.diskGiB: its machines are not made; tmpDiskMiB`]),
    ...(firstAddress === undefined ? [] : [`${at}.firstAddress: its machines are not made`]),
  ];
  return [...lengths, ...missing, ...senseless, ...shapeFaults(group, at, cpus)];
}

/** Slurm takes CPUs for all threads, or for all cores. */
function shapeFaults(group: NodeGroup, at: string, cpus: number | undefined): string[] {
  const { sockets, coresPerSocket = 1, threadsPerCore = 1 } = group;
  if (sockets === undefined) {
    return group.coresPerSocket === undefined && group.threadsPerCore === undefined
      ? []
      : [`${at}.sockets is missing: coresPerSocket and threadsPerCore are of one`];
  }
  const cores = sockets * coresPerSocket;
  return cpus === undefined || cpus === cores || cpus === cores * threadsPerCore
    ? []
    : [`${at}.cpus = ${cpus}: must be the product of sockets, coresPerSocket and threadsPerCore`];
}

const optionFaults = ({ options }: NodeGroup, at: string): string[] =>
  Object.entries(options).flatMap(([key, value]) => {
    const own = NODE_OWNED[key.toLowerCase()];
    return own === undefined ? [] : [`${at}.options.${key} = "${value}": ${own} says it`];
  });

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
