import { z } from "zod";
import { expandHostlist } from "../../plan/hostlist";
import { type Grouped, groupsOf, hostsOf, type NodeGroup } from "./nodes";

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
