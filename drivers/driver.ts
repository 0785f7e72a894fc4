import type * as pulumi from "@pulumi/pulumi";
import type { NetworkMount } from "../plan/mount";
import type { MachineSpec } from "../plan/machine";
import type { ReadyRequest } from "../programs/ready";
import type { FenceHost } from "./fencing";
import type { Machine } from "./machine";

/** A file system that the machines of a set share. */
export interface SharedFiles {
  /** Directory of the host, known once it exists; only where machines can share one. */
  directory?: { source: pulumi.Output<string>; target: string };
  /** What they mount from a server. */
  mount?: NetworkMount;
  /** Known once that is served. */
  served?: pulumi.Output<unknown>;
  /** Passed when a server that a change made anew serves again: only then may who uses it be switched off. */
  gate?: pulumi.Resource;
}

/** A member of a set as it is known before its machine is there. */
export interface Member {
  spec: MachineSpec;
  hostKey: pulumi.Output<string>;
}

export interface SetArgs {
  specs: MachineSpec[];
  /** Default: none. */
  share?: SharedFiles;
  /** Directory of this host with files that new machines have from the beginning, over their image. Default: none. */
  layer?: pulumi.Input<string>;
  /** Makes what passes when a machine is part of its set again, should a change have made it anew. */
  gate: (gate: {
    name: string;
    machine: Machine;
    members: Member[];
    /** How the machine is known to have booted. */
    ready: (hostKey: string) => ReadyRequest;
  }) => pulumi.Resource;
  /**
   * Makes what relieves a machine that serves, before a change makes it anew: its clients are elsewhere then.
   * At the creation of the machine it does nothing.
   */
  relief: (relief: {
    name: string;
    machine: MachineSpec;
    members: Member[];
    /** Another one when the machine is about to be made anew. */
    why: pulumi.Output<string>;
    /** What comes before. */
    after: pulumi.Resource[];
  }) => pulumi.Resource;
  /** What its machine and the machine's host key were called in an earlier version. Default: as now. */
  formerly?: { machine: pulumi.Alias; hostKey: pulumi.Alias };
}

export interface MachineSet {
  machines: Machine[];
  /** Of each member: passed when it is part of the set again, if a change made it anew. None where none ever is. */
  gates: pulumi.Resource[];
}

/** What differs between containers of this host and VMs on hypervisors. Nobody else asks which of them it is. */
export interface Driver {
  /**
   * The machines of a set that must not lose two members at once. Where a change replaces several of them, the next one
   * is switched off only when the one before is configured and healthy again, whatever Pulumi does in parallel. A set
   * with a share also waits for the machine that serves it. At the creation of the set nothing waits.
   */
  set(name: string, args: SetArgs, opts: pulumi.ComponentResourceOptions): MachineSet;
  /** Where machines of a set are switched off: for each host the domains on it. */
  fenceHosts(name: string, specs: MachineSpec[]): FenceHost[];
  /** Libvirt network that the machines are attached to, if it is made with the site; empty otherwise. */
  networkName: pulumi.Input<string>;
  /** Whether it can give machines a `layer`; else they have what is in their image only. */
  layers: boolean;
  /** What is known of the image of new machines: when it was built (ms since 1970), and the releases of web services in it. */
  image?: { built: number; releases: string[] };
  /** What role `base` sees to, because the image may lack it. */
  base: { nameservers: string[]; timeServers: string[]; packages: string[] };
}
