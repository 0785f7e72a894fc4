import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { runRequest } from "./ansible";
import type { Site } from "./site";
import type { MachineSpec } from "../plan/topology";
import type { GateRequest } from "../programs/gate";
import { HostKey } from "../drivers/vm/hostKey";
import { Machine } from "../drivers/machine";
import { readyRequest } from "../drivers/vm/vm";
import type { StateShare } from "./share";

export interface MachineSetArgs {
  site: Site;
  /** The members. */
  specs: MachineSpec[];
  /** File system that they share. Default: none. */
  share?: StateShare;
  /** Playbook that makes a member part of the set again, and ends when the set is whole. */
  playbook: string;
  /** Inventory group of the members. */
  group: string;
  /** Variables of the playbook. Must not depend on anything that waits for the set itself. */
  vars: pulumi.Input<Record<string, unknown>>;
  /** The playbook is run for each member by itself. Default: for all of the set. */
  single?: boolean;
  /** URLs on a member that answer 200 when it serves. Default: the playbook's end says so. */
  probes?: (spec: MachineSpec) => string[];
}

export interface MachineSet {
  machines: Machine[];
  /** Of each member: passed when it is part of the set again, if a change made it anew. None where none ever is. */
  gates: pulumi.Resource[];
}

/**
 * The machines of a set that must not lose two members at once. Where a change replaces several of them (VMs), the
 * next one is switched off only when the one before is configured and healthy again, whatever Pulumi does in
 * parallel. A set with a share also waits for the machine that serves it. At the creation of the set nothing waits.
 */
export function machineSet(
  name: string,
  args: MachineSetArgs,
  opts: pulumi.ComponentResourceOptions,
): MachineSet {
  const { site, specs, share } = args;
  if (site.config.driver !== "vm") {
    const machines = specs.map(
      (spec) => new Machine(`${name}-${spec.name}`, { spec, site, share }, opts),
    );
    return { machines, gates: [] };
  }
  const members = specs.map((spec) => ({
    spec,
    hostKey: new HostKey(`${name}-${spec.name}-hostkey`, spec.name, opts),
  }));
  const gates: pulumi.Resource[] = [];
  const machines = members.map((member) => {
    const machineName = `${name}-${member.spec.name}`;
    const before = gates.at(-1) ?? share?.gate;
    const after = before ? [before] : [];
    const machine = new Machine(machineName, { ...member, site, share, after }, opts);
    gates.push(makeGate(machineName, args, machine, args.single ? [member] : members, opts));
    return machine;
  });
  return { machines, gates };
}

/** Passes at once unless its machine was made anew; then it makes the set whole first. */
function makeGate(
  name: string,
  { site, share, playbook, group, vars, probes }: MachineSetArgs,
  machine: Machine,
  members: { spec: MachineSpec; hostKey: HostKey }[],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const keys = pulumi.all(members.map(({ hostKey }) => hostKey.publicKey));
  const stdin = pulumi
    .secret(pulumi.all([keys, machine.hostKey, machine.incarnation, vars]))
    .apply(([known, hostKey, incarnation, plain]) => {
      const hosts = members.map(({ spec: { name, address } }, i) => ({
        name,
        address,
        hostKey: known[i] ?? "",
        incarnation: "",
      }));
      return JSON.stringify({
        incarnation,
        ready: readyRequest(site, machine.spec, hostKey, share?.mount ? [share.mount] : []),
        run: runRequest(site, playbook, [{ group, role: machine.spec.role, hosts }], plain),
        probes: probes?.(machine.spec) ?? [],
        seconds: site.config.web.readySeconds,
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
