import * as pulumi from "@pulumi/pulumi";
import type { Member, SetArgs, SharedFiles } from "../drivers/driver";
import type { Machine } from "../drivers/machine";
import type { Fleet } from "./ansible";
import { Configuration, type Reached } from "./configuration";
import type { SiteFacts } from "../rollout/roll";
import { shippingVars } from "./monitor/logs";
import type { Tier } from "./tier";
import { type MachineSpec, type TierName, tiers } from "./tiers";

export interface MachineSetArgs {
  fleet: Fleet;
  /** Whose playbook makes a member part of the set (again), and ends when the set is whole. */
  tier: TierName;
  /** The members. */
  specs: MachineSpec[];
  /** File system that they share. Default: none. */
  share?: SharedFiles;
  /** See SetArgs. */
  layer?: SetArgs["layer"];
  /** Variables of the playbook. Must not depend on anything that waits for the set itself. */
  vars: pulumi.Input<Record<string, unknown>>;
  /** What the configuration waits for besides its machines. Default: nothing. */
  after?: pulumi.Input<unknown>[];
  /** What is configured before it: a change of both is one of these first. Default: nothing. */
  following?: pulumi.Resource[];
  /** Ports by key: those of its tier's exporters are among them. Default: none, where it has none. */
  ports?: Record<string, number>;
  /** Its playbook installs node_exporter by itself, monitor or not. Default: where there is a monitor, role base does. */
  tellsByItself?: boolean;
  /** See SetArgs. */
  formerly?: SetArgs["formerly"];
}

export interface ConfiguredSet {
  machines: Machine[];
  /** None where the set has no machine. */
  configuration?: Configuration;
  /** Known, and the same, whenever the set is configured: depend on it to come after that. */
  ready: pulumi.Output<string>;
  /** Passed when a member that a change made anew is part of the set again. Undefined where none ever is. */
  gate: pulumi.Resource | undefined;
}

/** Machines of one tier, and what makes a set of them. */
export function machineSet(
  name: string,
  args: MachineSetArgs,
  opts: pulumi.ComponentResourceOptions,
): ConfiguredSet {
  const { fleet, tier, specs, share, layer, formerly } = args;
  const mounts = share?.mount ? { base_mounts: [share.mount] } : {};
  const told = { ...mounts, ...nodeExporter(args) };
  const vars = pulumi
    .all([args.vars, fleet.logs])
    .apply(([own, logs]): Record<string, unknown> => ({
      ...own,
      ...told,
      ...(logs && { base_logs: shippingVars(logs, tiers[tier].logFiles) }),
    }));
  const { machines, gates } = fleet.driver.set(
    name,
    {
      specs,
      share,
      layer,
      formerly,
      gate: (gate) => makeGate(args, vars, gate, opts),
      relief: (relief) => makeRelief(args, relief, opts),
    },
    opts,
  );
  const gate = gates.at(-1);
  const before = [...(gate ? [gate] : []), ...(args.following ?? [])];
  if (machines.length === 0) return { machines, ready: pulumi.output(""), gate };
  const configuration = new Configuration(
    `${name}-config`,
    {
      fleet,
      tier,
      hosts: pulumi.all(machines.map(reached)),
      vars: pulumi.all([vars, pulumi.all(args.after ?? [])]).apply(([own]) => own),
    },
    { ...opts, ...(before.length > 0 && { dependsOn: before }) },
  );
  return { machines, configuration, ready: configuration.recap, gate };
}

/** How its machines tell how they are. */
function nodeExporter({ fleet, tier, specs, ports = {}, tellsByItself }: MachineSetArgs) {
  const { nodeExporterPort: port, facts } = fleet;
  const units = port === undefined ? [] : toldUnits(tiers[tier], facts);
  const writers = port === undefined ? {} : writersOf(tiers[tier], facts);
  if (tellsByItself === true) return { node_exporter_units: units, node_exporter_writers: writers };
  if (port === undefined) return {};
  const { exporters }: Tier = tiers[tier];
  const vcpus = Object.fromEntries(specs.map((spec) => [spec.name, spec.vcpus]));
  return {
    base_node_exporter: { port, vcpus, units, writers },
    ...(exporters && {
      base_exporters: Object.fromEntries(
        Object.entries(exporters).map(([name, key]) => [name, ports[key]]),
      ),
    }),
  };
}

/** What writes further metrics on the machines of a tier, by name; who holds its VIPs is among them. */
function writersOf({ keys, tells }: Tier, { vips }: SiteFacts): Record<string, string> {
  const held = Object.entries(vips).filter(([name]) => name in keys.vips);
  const words = held.map(([name, address]) => `${name}=${address}`).join(" ");
  return { ...tells, ...(held.length > 0 && { vips: `/usr/local/sbin/vip-metrics ${words}` }) };
}

/** Units of a tier that the monitor is told of, those of a VIP's holder among them. */
const toldUnits = ({ units, unitsWithVip = {} }: Tier, facts: SiteFacts): string[] => [
  ...units(facts),
  ...Object.values(unitsWithVip).flatMap((names) => names ?? []),
];

const reached = (m: Machine): pulumi.Output<Reached> =>
  pulumi.all([m.address, m.hostKey, m.incarnation]).apply(([address, hostKey, incarnation]) => ({
    name: m.spec.name,
    address,
    hostKey,
    incarnation,
    power: m.power,
  }));

/** Of the others only what is known before their machines are: they may be made anew after the one that is asked for. */
const beforeBoot = (members: Member[]): pulumi.Output<Reached[]> =>
  pulumi.all(members.map(({ hostKey }) => hostKey)).apply((keys) =>
    members.map(({ spec: { name, address } }, i) => ({
      name,
      address,
      hostKey: keys[i] ?? "",
      incarnation: "",
      power: [],
    })),
  );

/** Passes at once unless its machine was made anew; then it makes the machine part of the set again first. */
function makeGate(
  { fleet, tier }: MachineSetArgs,
  vars: pulumi.Output<Record<string, unknown>>,
  { name, machine, members, ready }: Parameters<SetArgs["gate"]>[0],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const gate = {
    machine: machine.spec.name,
    incarnation: machine.incarnation,
    ready: machine.hostKey.apply(ready),
  };
  return new Configuration(
    `${name}-gate`,
    { fleet, tier, hosts: beforeBoot(members), vars, gate },
    opts,
  );
}

/** Relieves a machine that is about to be made anew. */
function makeRelief(
  { fleet, tier }: MachineSetArgs,
  { name, machine, members, why, after }: Parameters<SetArgs["relief"]>[0],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const gate = { machine: machine.name, incarnation: why };
  return new Configuration(
    `${name}-relief`,
    { fleet, tier, hosts: beforeBoot(members), vars: {}, gate },
    { ...opts, dependsOn: after },
  );
}
