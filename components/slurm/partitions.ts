import { z } from "zod";
import { label } from "../../plan/config";
import { type Grouped, groupsOf } from "./nodes";
import { lineOptions } from "./options";

/** A time limit as Slurm writes it. */
const time = z
  .string()
  .regex(
    /^(\d+-\d+(:\d+){0,2}|\d+(:\d+){0,2}|UNLIMITED|NONE)$/,
    "a time of Slurm: minutes, h:m:s, days-hours, UNLIMITED",
  );

const OWNED: Record<string, string> = {
  partitionname: "name",
  nodes: "groups",
  default: "default",
  defaulttime: "defaultTime",
  maxtime: "maxTime",
};

export const partition = z.strictObject({
  name: label,
  /** Groups whose nodes it has. Default: all. */
  groups: z.array(z.string()).min(1).optional(),
  /** Where jobs go that name none. Exactly one partition is it; default: the only one. */
  default: z.boolean().optional(),
  /** Limit of jobs that say none. Default one hour. */
  defaultTime: time.default("1:00:00"),
  /** Default seven days. */
  maxTime: time.default("7-0"),
  /** Other keys of PartitionName's line. */
  options: lineOptions.default({}),
});
export type Partition = z.infer<typeof partition>;

/** What of the config the partitions come from; `partition` is the short form of one for all nodes. */
export interface Partitioned extends Grouped {
  partition?: string | undefined;
  partitions?: Partition[] | undefined;
}

const partitionsOf = ({ partitions, partition: name = "main" }: Partitioned): Partition[] =>
  partitions ?? [partition.parse({ name })];

const isDefault = (all: Partition[], { default: own }: Partition): boolean =>
  own ?? all.length === 1;

/** Faults of the partitions, and of nodes that are in none. */
export function partitionFaults(slurm: Partitioned): string[] {
  const all = partitionsOf(slurm);
  const groups = groupsOf(slurm).map(({ name }) => name);
  const taken = new Set(all.flatMap((p) => p.groups ?? groups));
  const at = (i: number) => `slurm.partitions.${i}`;
  const faults = all.flatMap((p, i) => [
    ...(all.findIndex(({ name }) => name === p.name) < i
      ? [`${at(i)}.name = "${p.name}": another partition has this name`]
      : []),
    ...(p.name.toUpperCase() === "DEFAULT"
      ? [`${at(i)}.name = "${p.name}": Slurm's own word for what all have`]
      : []),
    ...(p.groups ?? [])
      .filter((group) => !groups.includes(group))
      .map((group) => `${at(i)}.groups: no group "${group}"; there are ${groups.join(", ")}`),
    ...Object.entries(p.options).flatMap(([key, value]) => {
      const own = OWNED[key.toLowerCase()];
      return own === undefined ? [] : [`${at(i)}.options.${key} = "${value}": ${own} says it`];
    }),
  ]);
  if (slurm.partitions && slurm.partition !== undefined) {
    faults.push("slurm.partition: is one partition of all nodes; not with slurm.partitions");
  }
  const defaults = all.filter((p) => isDefault(all, p)).map(({ name }) => name);
  if (defaults.length !== 1) {
    const which = defaults.length === 0 ? "none" : defaults.join(" and ");
    faults.push(`slurm.partitions: ${which} is the default; exactly one must be`);
  }
  return [
    ...faults,
    ...groups
      .filter((group) => !taken.has(group))
      .map((group) => `slurm.partitions: the nodes of group "${group}" are in none`),
  ];
}

/** The lines of slurm.conf. @param names of a group's nodes, as one word */
export const partitionLines = (slurm: Partitioned, names: (group: string) => string): string[] => {
  const all = partitionsOf(slurm);
  return all.map((p) => {
    const nodes = (p.groups ?? groupsOf(slurm).map(({ name }) => name)).map(names);
    const keys = {
      PartitionName: p.name,
      Nodes: nodes.filter((word) => word !== "").join(",") || '""',
      Default: isDefault(all, p) ? "YES" : "NO",
      DefaultTime: p.defaultTime,
      MaxTime: p.maxTime,
      State: "UP",
      ...p.options,
    };
    return Object.entries(keys)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ");
  });
};
