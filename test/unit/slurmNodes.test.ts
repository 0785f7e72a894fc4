import { describe, expect, it } from "vitest";
import { firewall, plan, record } from "../../components/house";
import { admits } from "../support/admits";
import { parseSlurm, slurmFaults } from "../support/slurmConfig";
import { big, compute, gpu, text, told } from "../support/slurmTold";

describe("the short form", () => {
  it("is one group and one partition, as before there were groups", () => {
    const { slurm_nodes, slurm_partitions } = told({ computeNodes: 2, partition: "batch" });
    expect(slurm_nodes.map(({ name, address }) => [name, address])).toEqual([
      ["compute1", "198.18.1.161"],
      ["compute2", "198.18.1.162"],
    ]);
    expect(slurm_partitions).toEqual([
      "PartitionName=batch Nodes=compute1,compute2 Default=YES DefaultTime=1:00:00 MaxTime=7-0 State=UP",
    ]);
    expect(told({ nodeGroups: [compute] }).slurm_nodes).toEqual(slurm_nodes);
  });

  it("takes more than twenty, and refuses none: slurmctld would not start", () => {
    expect(told({ computeNodes: 25 }).slurm_nodes).toHaveLength(25);
    expect(slurmFaults({ computeNodes: 0 })).toEqual([
      expect.stringMatching(/^slurm.computeNodes = 0/),
    ]);
  });
});

describe("groups of nodes", () => {
  const slurm = { nodeGroups: [compute, big, gpu] };

  it("that are made have names, addresses and sizes of their own", () => {
    const machines = plan(parseSlurm(slurm)).machines.compute;
    expect(machines.map((m) => [m.name, m.address, m.vcpus, m.memoryMiB])).toEqual([
      ["compute1", "198.18.1.161", 4, 8192],
      ["compute2", "198.18.1.162", 4, 8192],
      ["big1", "198.18.1.200", 8, 4096],
      ["big2", "198.18.1.201", 8, 4096],
    ]);
  });

  it("stay where they are when another one grows", () => {
    const before = record(parseSlurm(slurm));
    const grown = plan(parseSlurm({ nodeGroups: [{ ...compute, count: 5 }, big, gpu] }), before);
    const addresses = grown.machines.compute.map(({ name, address }) => [name, address] as const);
    expect(Object.fromEntries(addresses)).toMatchObject({
      big1: "198.18.1.200",
      compute5: "198.18.1.165",
    });
  });

  it("that are there are lines of slurm.conf, and never machines", () => {
    const { slurm_nodes, slurm_beside } = told(slurm);
    expect(slurm_nodes.at(-1)).toEqual({
      name: "gpu[01-40]",
      address: "10.2.0.[1-40]",
      parameters:
        "CPUs=64 Sockets=2 CoresPerSocket=16 ThreadsPerCore=2 RealMemory=500000 Gres=gpu:a100:4 Features=nvlink Weight=10",
    });
    expect(text(slurm_beside["gres.conf"])).toBe(
      "NodeName=gpu[01-40] Name=gpu Type=a100 File=/dev/nvidia[0-3]\n",
    );
    expect(text(slurm_beside["cgroup.conf"])).toMatch(/^ConstrainDevices=yes$/m);
  });

  it("that are there are let in and known by name to all", () => {
    const site = parseSlurm(slurm);
    const rules = firewall(site);
    expect(admits(rules, "controllers", site.ports.slurmctld, "10.2.0.40")).toBe(true);
    expect(admits(rules, "controllers", site.ports.slurmctld, "10.2.0.41")).toBe(false);
    expect(admits(rules, "compute", 40000, "10.2.0.1")).toBe(true);
    expect(admits(rules, "login", 40000, "10.2.0.1")).toBe(true);
    expect(admits(rules, "galera", site.ports.mysql, "10.2.0.1")).toBe(false);
    expect(told(slurm).slurm_hosts).toContainEqual({ name: "gpu40", address: "10.2.0.40" });
  });

  it("may all be there already", () => {
    const only = { nodeGroups: [gpu] };
    expect(plan(parseSlurm(only)).machines.compute).toEqual([]);
    expect(told(only).slurm_options["DefMemPerCPU"]).toBe("7812");
  });

  it.each<[string, object, RegExp]>([
    [
      "two of a name",
      { nodeGroups: [compute, compute] },
      /^slurm.nodeGroups.1.name = "compute": another group/,
    ],
    [
      "neither count nor hosts",
      { nodeGroups: [{ name: "x" }] },
      /^slurm.nodeGroups.0: must have count or hosts/,
    ],
    [
      "both forms",
      { computeNodes: 2, nodeGroups: [compute] },
      /^slurm.computeNodes: .*not with slurm.nodeGroups/,
    ],
    [
      "no address of a second group",
      { nodeGroups: [compute, { name: "big", count: 1 }] },
      /^slurm.nodeGroups.1.firstAddress is missing/,
    ],
    [
      "an address outside",
      { nodeGroups: [{ ...big, firstAddress: "10.0.0.1" }] },
      /^slurm.nodeGroups.0.firstAddress = "10.0.0.1": must be inside/,
    ],
    [
      "addresses of others",
      { nodeGroups: [compute, { ...big, firstAddress: "198.18.1.162" }] },
      /^addresses.big1 = "198.18.1.162": already the address of compute2/,
    ],
    [
      "names of others",
      { nodeGroups: [{ name: "galera", count: 1 }] },
      /^galera1 of compute: another machine has this name already/,
    ],
    [
      "overlapping host lists",
      {
        nodeGroups: [
          gpu,
          { ...gpu, name: "more", hosts: [{ names: "gpu[40-41]", addresses: "10.2.1.[1-2]" }] },
        ],
      },
      /^slurm.nodeGroups.1.hosts: gpu40 is in gpu too/,
    ],
    [
      "the same address twice",
      { nodeGroups: [{ ...gpu, hosts: [{ names: "a[1-2]", addresses: "10.2.0.[1,1]" }] }] },
      /^slurm.nodeGroups.0.hosts: 10.2.0.1 is the address of a1 too/,
    ],
    [
      "more names than addresses",
      { nodeGroups: [{ ...gpu, hosts: [{ names: "a[1-3]", addresses: "10.2.0.[1-2]" }] }] },
      /^slurm.nodeGroups.0.hosts.0: 3 names, 2 addresses/,
    ],
    [
      "no addresses at all",
      { nodeGroups: [{ ...gpu, hosts: [{ names: "a1", addresses: "a1.example" }] }] },
      /addresses = "a1.example": no IPv4 address/,
    ],
    [
      "a host list that is none",
      { nodeGroups: [{ ...gpu, hosts: [{ names: "a[3-1]", addresses: "10.2.0.1" }] }] },
      /hosts.0.names = "a\[3-1\]": "3-1" is no range/,
    ],
    [
      "hosts of unknown size",
      { nodeGroups: [{ ...gpu, memoryMiB: undefined }] },
      /^slurm.nodeGroups.0.memoryMiB is missing: what `slurmd -C` says/,
    ],
    [
      "CPUs that are no product",
      { nodeGroups: [{ ...gpu, cpus: 5 }] },
      /^slurm.nodeGroups.0.cpus = 5: must be the product/,
    ],
    [
      "GRES without type",
      { nodeGroups: [{ ...gpu, gres: [{ name: "gpu", count: 4 }] }] },
      /gres.0.type is missing/,
    ],
    [
      "keys of this program",
      { nodeGroups: [{ ...gpu, options: { RealMemory: 5 } }] },
      /options.RealMemory = "5": memoryMiB says it/,
    ],
    [
      "a name that ends with a digit",
      { nodeGroups: [{ name: "rack1", count: 1 }] },
      /nodeGroups.0.name = "rack1"/,
    ],
  ])("with %s are refused", (_, slurm, message) => {
    expect(slurmFaults(slurm)).toContainEqual(expect.stringMatching(message));
  });
});
