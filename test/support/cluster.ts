import { besideSlurmConf } from "../../components/slurm/files";
import { chosenOptions } from "../../components/slurm/options";
import { machines, site, vips } from "./fleet";

/** The Slurm cluster of the reference site, on a machine that is half as fast. */
export const cluster = {
  ...machines,
  slurm: site.slurm,
  users: site.users,
  ports: site.ports,
  vip: vips.slurm,
  patience: 2,
};

/** What each of its machines is told. @param mungeKey their common key */
export const clusterVars = (mungeKey: string) => ({
  munge_key: mungeKey,
  slurm_cluster_name: "hpc",
  slurm_vip: "192.168.1.100",
  slurm_patience: 2,
  slurm_controllers: [
    { name: "slurm-m1", address: "192.168.1.10" },
    { name: "slurm-m2", address: "192.168.1.11" },
  ],
  slurm_nodes: [
    {
      name: "compute1",
      address: "192.168.1.161",
      parameters: "CPUs=4 RealMemory=7750 TmpDisk=18432",
    },
    {
      name: "compute2",
      address: "192.168.1.162",
      parameters: "CPUs=4 RealMemory=7750 TmpDisk=18432",
    },
  ],
  slurm_partitions: [
    "PartitionName=main Nodes=compute1,compute2 Default=YES DefaultTime=1:00:00 MaxTime=7-0 State=UP",
  ],
  slurm_gres_types: [],
  slurm_scripts: {},
  slurm_beside: besideSlurmConf(site.slurm),
  slurm_ctld_port: 6817,
  slurm_d_port: 6818,
  slurm_dbd_port: 6819,
  slurm_srun_ports: "61000-63999",
  slurm_share: "/mnt/slurm",
  slurm_proctrack: "proctrack/cgroup",
  slurm_task_plugin: "task/affinity,task/cgroup",
  slurm_options: chosenOptions(
    {},
    { proctrack: "proctrack/cgroup", topology: false, enforce: [], mibPerCpu: 1937 },
  ),
  slurm_hosts: [
    { name: "slurm-m1", address: "192.168.1.10" },
    { name: "slurm-m2", address: "192.168.1.11" },
    { name: "compute1", address: "192.168.1.161" },
    { name: "compute2", address: "192.168.1.162" },
    { name: "client", address: "192.168.1.190" },
  ],
  users_local: [],
  users_ldap_uris: [],
  users_ldap_base: "",
  users_ldap_ca: "",
  users_ldap_bind_dn: "",
  users_ldap_schema: "rfc2307",
  users_ldap_user_base: "",
  users_ldap_group_base: "",
  users_ldap_seconds: 6,
});
