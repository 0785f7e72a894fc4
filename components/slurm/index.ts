import type { z } from "zod";
import type { MachineSpec } from "../tiers";
import { type Users, usersVars } from "../users";
import type { Accounts } from "./accounts";
import { besideSlurmConf, type Filed, nodeScripts } from "./files";
import type { Mail } from "./mail";
import { groupsOf, type NodeGroup, nodeParameters, type NodeSize, ownHosts } from "./nodes";
import { chosenOptions, type options } from "./options";
import type { WithPackages } from "./packages";
import { partitionLines, type Partitioned } from "./partitions";
import { type Rest, restOptions } from "./rest";

/** Where the controllers see their state share (requirements). */
export const STATE_SHARE = "/mnt/slurm";

/** What every machine of the Slurm cluster is told of it. */
export interface SlurmSettings {
  slurm: Partitioned &
    Filed &
    WithPackages["slurm"] & {
      clusterName: string;
      taskPlugin: string;
      options: z.infer<typeof options>;
      enforce: string[];
      /** By whom jobs' mails are sent. */
      mail?: Mail | undefined;
      /** Whether users log in on nodes where they have jobs. */
      nodeLogin: boolean;
      /** Only the controllers' accounting reads it. */
      accounts?: Accounts | undefined;
      routerId: number;
      rest: Rest;
    };
  /** Who uses it. */
  users: Users;
  ports: {
    slurmctld: number;
    slurmd: number;
    slurmdbd: number;
    srunFirst: number;
    srunLast: number;
    slurmrestd: number;
    slurmTokens: number;
  };
  vip: string;
  /** Factor of all time limits of a failover. */
  patience: number;
  controllers: MachineSpec[];
  compute: MachineSpec[];
  login: MachineSpec[];
}

/**
 * What a machine's kernel leaves to jobs of its memory, with room for its own daemons. A node that reports less than
 * slurm.conf says is invalid, and takes no jobs; a VM of 1024 MiB reports 960 (a container what its host has).
 */
export const usableMiB = (memoryMiB: number): number => Math.floor(memoryMiB * 0.95) - 32;

/** What a root disk has room for as a file system, in which jobs find /tmp: a node that reports less is invalid too. */
const usableDiskMiB = (diskGiB: number): number => Math.floor(diskGiB * 1024 * 0.9);

/** A line of nodes that are alike; name and address may stand for several. */
interface NodeLine {
  group: NodeGroup;
  name: string;
  address: string;
  size: NodeSize;
}

function nodeLines({ slurm, compute }: Pick<SlurmSettings, "slurm" | "compute">): NodeLine[] {
  return groupsOf(slurm).flatMap((group) => {
    const made = compute
      .filter(({ name }) => group.count !== undefined && name.replace(/\d+$/, "") === group.name)
      .map(({ name, address, vcpus, memoryMiB, diskGiB }): NodeLine => {
        const usable = { memoryMiB: usableMiB(memoryMiB), tmpMiB: usableDiskMiB(diskGiB) };
        return { group, name, address, size: { cpus: vcpus, ...usable } };
      });
    const { sockets = 1, coresPerSocket = 1, threadsPerCore = 1 } = group;
    const size = {
      cpus: group.cpus ?? sockets * coresPerSocket * threadsPerCore,
      memoryMiB: group.memoryMiB ?? 0,
      tmpMiB: group.tmpDiskMiB ?? 0,
    };
    const there = (group.hosts ?? []).map(({ names, addresses }): NodeLine => ({
      group,
      name: names,
      address: addresses,
      size,
    }));
    return [...made, ...there];
  });
}

/** Variables of the playbooks of all Slurm machines; the roles' argument_specs describe them. */
export function slurmVars(settings: SlurmSettings, mungeKey: string): Record<string, unknown> {
  const { slurm, users, ports, vip, patience, controllers, compute, login } = settings;
  const lines = nodeLines(settings);
  const beside = besideSlurmConf(slurm);
  const names = (group: string) =>
    lines.flatMap((line) => (line.group.name === group ? [line.name] : [])).join(",");
  const named = ({ name, address }: { name: string; address: string }) => ({ name, address });
  return {
    munge_key: mungeKey,
    slurm_cluster_name: slurm.clusterName,
    slurm_vip: vip,
    slurm_patience: patience,
    slurm_controllers: controllers.map(named),
    slurm_nodes: lines.map(({ group, name, address, size }) => ({
      name,
      address,
      parameters: nodeParameters(group, size),
    })),
    slurm_partitions: partitionLines(slurm, names),
    slurm_gres_types: [
      ...new Set(groupsOf(slurm).flatMap(({ gres }) => gres.map(({ name }) => name))),
    ],
    slurm_ctld_port: ports.slurmctld,
    slurm_d_port: ports.slurmd,
    slurm_dbd_port: ports.slurmdbd,
    slurm_srun_ports: `${ports.srunFirst}-${ports.srunLast}`,
    slurm_share: STATE_SHARE,
    slurm_proctrack: slurm.proctrack,
    slurm_task_plugin: slurm.taskPlugin,
    slurm_options: {
      ...chosenOptions(slurm.options, {
        proctrack: slurm.proctrack,
        topology: slurm.files.topology !== undefined,
        enforce: slurm.enforce,
        mail: slurm.mail,
        nodeLogin: slurm.nodeLogin,
        mibPerCpu: Math.min(...lines.map(({ size }) => Math.floor(size.memoryMiB / size.cpus))),
      }),
      ...restOptions(slurm.rest),
    },
    slurm_beside: beside,
    slurm_scripts: nodeScripts(slurm),
    slurm_hosts: [...controllers, ...compute, ...login, ...ownHosts(slurm)].map(named),
    ...usersVars(users, patience),
  };
}
