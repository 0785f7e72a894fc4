import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { SetArgs, SharedFiles } from "../drivers/driver";
import type { Machine } from "../drivers/machine";
import type { GateRequest } from "../programs/gate";
import { AnsibleRun, type Fleet, runRequest } from "./ansible";
import type { MachineSpec, TierName } from "./tiers";

export interface MachineSetArgs {
  fleet: Fleet;
  /** Whose playbook makes a member part of the set (again), and ends when the set is whole. */
  tier: TierName;
  /** The members. */
  specs: MachineSpec[];
  /** File system that they share. Default: none. */
  share?: SharedFiles;
  /** Variables of the playbook. Must not depend on anything that waits for the set itself. */
  vars: pulumi.Input<Record<string, unknown>>;
  /** What the ordinary run waits for besides its machines. Default: nothing. */
  after?: pulumi.Input<unknown>[];
  /** With it members are configured each by itself, and healthy when these URLs on them answer 200 within so long (s). */
  single?: { probes: (spec: MachineSpec) => string[]; seconds: number };
  /** See SetArgs. */
  formerly?: SetArgs["formerly"];
}

export interface ConfiguredSet {
  machines: Machine[];
  /** Configuration runs: one for all, or one for each member. */
  runs: AnsibleRun[];
  /** Closing line of the last run: depend on it to come after the set is configured. */
  ready: pulumi.Output<string>;
  /** Passed when a member that a change made anew is part of the set again. Undefined where none ever is. */
  gate: pulumi.Resource | undefined;
}

/** Machines of one tier, and the runs that make a set of them. */
export function machineSet(
  name: string,
  args: MachineSetArgs,
  opts: pulumi.ComponentResourceOptions,
): ConfiguredSet {
  const { fleet, tier, specs, share, single, formerly } = args;
  const mounts = share?.mount ? { base_mounts: [share.mount] } : {};
  const vars = pulumi
    .output(args.vars)
    .apply((own): Record<string, unknown> => ({ ...own, ...mounts }));
  const { machines, gates } = fleet.driver.set(
    name,
    { specs, share, formerly, gate: (gate) => makeGate(args, vars, gate, opts) },
    opts,
  );
  const configure = (run: string, members: Machine[], after: pulumi.Resource | undefined) =>
    new AnsibleRun(
      run,
      {
        fleet,
        tier,
        machines: members,
        after,
        vars: pulumi.all([vars, pulumi.all(args.after ?? [])]).apply(([own]) => own),
      },
      opts,
    );
  const runs = single
    ? machines.map((m, i) => configure(`${name}-${m.spec.name}-config`, [m], gates[i]))
    : machines.length > 0
      ? [configure(`${name}-config`, machines, gates.at(-1))]
      : [];
  const ready = pulumi.all(runs.map((run) => run.recap)).apply((all) => all.join("\n"));
  return { machines, runs, ready, gate: gates.at(-1) };
}

/** Passes at once unless its machine was made anew; then it makes the set whole first. */
function makeGate(
  { fleet, tier, single }: MachineSetArgs,
  vars: pulumi.Output<Record<string, unknown>>,
  { name, machine, members, ready }: Parameters<SetArgs["gate"]>[0],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const configured = single ? members.filter((m) => m.spec.name === machine.spec.name) : members;
  const keys = pulumi.all(configured.map(({ hostKey }) => hostKey));
  const stdin = pulumi
    .secret(pulumi.all([keys, machine.hostKey, machine.incarnation, vars]))
    .apply(([known, hostKey, incarnation, plain]) => {
      const hosts = configured.map(({ spec: { name, address } }, i) => ({
        name,
        address,
        hostKey: known[i] ?? "",
        incarnation: "",
      }));
      return JSON.stringify({
        incarnation,
        ready: ready(hostKey),
        run: runRequest(fleet, tier, hosts, plain),
        probes: single?.probes(machine.spec as MachineSpec) ?? [],
        seconds: single?.seconds ?? 0,
      } satisfies GateRequest);
    });
  const script = "node --import tsx programs/gate.ts";
  return new local.Command(
    `${name}-gate`,
    // The last incarnation comes back as environment: it is no secret.
    { create: script, update: script, stdin, logging: local.Logging.Stderr },
    opts,
  );
}
