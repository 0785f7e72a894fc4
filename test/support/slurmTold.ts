import { plan } from "../../components/house";
import { slurmVars } from "../../components/slurm";
import { parseSlurm } from "./slurmConfig";

interface Told {
  slurm_nodes: { name: string; address: string; parameters: string }[];
  slurm_partitions: string[];
  slurm_hosts: { name: string; address: string }[];
  slurm_beside: Record<string, string>;
  slurm_scripts: Record<string, string>;
  slurm_options: Record<string, string>;
}
/** What the machines are told of a site with this `slurm`. */
export function told(slurm: object): Told {
  const site = parseSlurm(slurm);
  const { machines, vips } = plan(site);
  const settings = {
    ...machines,
    slurm: site.slurm,
    users: site.users,
    ports: site.ports,
    vip: vips.slurm,
  };
  return slurmVars({ ...settings, patience: 1 }, "key") as unknown as Told;
}
/** What base64 stands for. */
export const text = (base64 = "") => Buffer.from(base64, "base64").toString();

export const GPUS = { name: "gpu", type: "a100", count: 4, files: "/dev/nvidia[0-3]" };
export const gpu = {
  name: "gpu",
  hosts: [{ names: "gpu[01-40]", addresses: "10.2.0.[1-40]" }],
  sockets: 2,
  coresPerSocket: 16,
  threadsPerCore: 2,
  memoryMiB: 500000,
  gres: [GPUS],
  features: ["nvlink"],
  weight: 10,
};
export const big = {
  name: "big",
  count: 2,
  firstAddress: "198.18.1.200",
  cpus: 8,
  memoryMiB: 4096,
};
export const compute = { name: "compute", count: 2 };
