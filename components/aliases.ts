import * as pulumi from "@pulumi/pulumi";

/**
 * What a resource was called before the tiers had their present names: a stack made by 0.1 is taken over with all its
 * machines. Children follow by themselves.
 * @param parent what it was a child of; default: of nothing
 */
export const formerly = (
  type: string,
  name: string,
  parent?: { types: string[]; name: string },
): pulumi.Alias => ({
  type,
  name,
  parent: parent
    ? `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${parent.types.join("$")}::${parent.name}`
    : pulumi.rootStackResource,
});

/** Component types of 0.1. */
export const OLD = {
  masters: "hpc-ha:slurm:SlurmMasters",
  compute: "hpc-ha:slurm:SlurmCompute",
  stateShare: "hpc-ha:machine:StateShare",
  nfs: "hpc-ha:nfs:NfsServer",
  machine: "hpc-ha:machine:Machine",
  hostKey: "hpc-ha:machine:HostKey",
};
