import type { MachineSpec } from "./tiers";

/** Where the controllers see their state share (requirements). */
export const STATE_SHARE = "/mnt/slurm";

/** What every machine of the Slurm cluster is told of it. */
export interface SlurmSettings {
  slurm: {
    clusterName: string;
    partition: string;
    proctrack: string;
    taskPlugin: string;
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
}

/**
 * What a machine's kernel leaves to jobs of its memory, with room for its own daemons. A node that reports less than
 * slurm.conf says is invalid, and takes no jobs; a VM of 1024 MiB reports 960 (a container what its host has).
 */
export const usableMiB = (memoryMiB: number): number => Math.floor(memoryMiB * 0.95) - 32;

/** Variables of the playbooks of all Slurm machines; the roles' argument_specs describe them. */
export const slurmVars = (
  { slurm, ports, vip, patience, controllers, compute }: SlurmSettings,
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
  })),
  slurm_ctld_port: ports.slurmctld,
  slurm_d_port: ports.slurmd,
  slurm_dbd_port: ports.slurmdbd,
  slurm_srun_ports: `${ports.srunFirst}-${ports.srunLast}`,
  slurm_share: STATE_SHARE,
  slurm_proctrack: slurm.proctrack,
  slurm_task_plugin: slurm.taskPlugin,
});
