import type { MachineSpec } from "../tiers";
import { chosenOptions, type Options } from "./options";

/** Where the controllers see their state share (requirements). */
export const STATE_SHARE = "/mnt/slurm";

/** What every machine of the Slurm cluster is told of it. */
export interface SlurmSettings {
  slurm: {
    clusterName: string;
    partition: string;
    proctrack: string;
    taskPlugin: string;
    options: Options;
    routerId: number;
  };
  ports: {
    slurmctld: number;
    slurmd: number;
    slurmdbd: number;
    srunFirst: number;
    srunLast: number;
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
export const usableDiskMiB = (diskGiB: number): number => Math.floor(diskGiB * 1024 * 0.9);

/** Variables of the playbooks of all Slurm machines; the roles' argument_specs describe them. */
export const slurmVars = (
  { slurm, ports, vip, patience, controllers, compute, login }: SlurmSettings,
  mungeKey: string,
): Record<string, unknown> => ({
  munge_key: mungeKey,
  slurm_cluster_name: slurm.clusterName,
  slurm_partition: slurm.partition,
  slurm_vip: vip,
  slurm_patience: patience,
  slurm_controllers: controllers.map(({ name, address }) => ({ name, address })),
  slurm_nodes: compute.map((spec) => ({
    name: spec.name,
    address: spec.address,
    cpus: spec.vcpus,
    memory_mib: usableMiB(spec.memoryMiB),
    tmp_mib: usableDiskMiB(spec.diskGiB),
  })),
  slurm_ctld_port: ports.slurmctld,
  slurm_d_port: ports.slurmd,
  slurm_dbd_port: ports.slurmdbd,
  slurm_srun_ports: `${ports.srunFirst}-${ports.srunLast}`,
  slurm_share: STATE_SHARE,
  slurm_proctrack: slurm.proctrack,
  slurm_task_plugin: slurm.taskPlugin,
  slurm_options: chosenOptions(slurm.options, {
    proctrack: slurm.proctrack,
    jobSubmit: false,
    topology: false,
  }),
  slurm_hosts: [...controllers, ...compute, ...login].map(({ name, address }) => ({
    name,
    address,
  })),
});
