import type { Machines } from "../lib/machines";
import type { Progress } from "../lib/progress";
import type { SiteOutputs } from "../plan/outputs";

/** The machines of a site as the roll-out uses them: the seam for tests. */
export type Remote = Pick<Machines, "names" | "run" | "ask">;

/** What the roll-out knows of a site: where its machines are, and how long things may take. */
export type SiteFacts = Pick<
  SiteOutputs,
  "addresses" | "vips" | "services" | "webPool" | "failoverPatience" | "ldap" | "slurmRest"
>;

/** A running site and who watches the work on it. */
export interface RunningSite {
  outputs: SiteFacts;
  machines: Remote & Pick<Machines, "start">;
  progress: Progress;
}

/** The machines of a tier, and which of them clients are on. */
export interface Parts {
  members: string[];
  /** The only one that serves: Redis master, VIP holder, the database node that HAProxy sends clients to. */
  holder?: string;
  /** Those that serve nobody because something of them is missing: whatever is done to them, nobody notices. */
  sick: string[];
  /** Those that are well and get their clients only when all is done: nobody waits for them. Default: none. */
  outside?: string[];
}

/** How one tier is rolled. All of it may be called again after an interruption. */
export interface Roll {
  /** Who is in it, who serves now, and who cannot. */
  parts(): Promise<Parts>;
  /**
   * The gate before and after each machine: what is missing to full redundancy; "" when nothing is.
   * @param but machines that are still to be changed, or new: what they lack may be what the change brings. Default: none
   */
  missing(but?: string[]): Promise<string>;
  /**
   * Asked before the first machine is changed: why the tier could not serve as it is to be; "" when it could. Default:
   * nobody can tell before.
   */
  objections?(): Promise<string>;
  /**
   * Moves the holder's part to another machine. Default: it cannot be moved in an orderly way, and the holder only
   * comes last.
   */
  relieve?(machine: string): Promise<void>;
  /** Keeps new clients away from a machine, and lets those that are there end. Default: nobody is sent to it. */
  takeOut?(machine: string): Promise<void>;
  /** Restarts a machine's services. */
  restart(machine: string): Promise<void>;
  /** Waits until a machine that was changed could take clients. Default: the gate is all there is to wait for. */
  fit?(machine: string): Promise<void>;
  /** Gives a machine clients again; also one that an interrupted run had taken out. */
  takeBack?(machine: string): Promise<void>;
  /**
   * What takes no clients from a machine that serves, and no jobs: new settings, a restart of its services. Then it is
   * neither relieved nor taken out. Default: nothing.
   */
  inPlace?: readonly ("settings" | "restart")[];
  /**
   * How many are changed at the same time in place, once the tier is whole with the first one. Default 1: one after the other.
   */
  together?: number;
}

/** Longest time for services to stop in an orderly way and to be up again, s. */
export const SERVICE_SECONDS = 60;

/** A time limit that has a failover in it, on the machines of this site: whole seconds. */
export const patient = (
  { outputs }: { outputs: Pick<SiteFacts, "failoverPatience"> },
  seconds: number,
): number => Math.ceil(seconds * outputs.failoverPatience);
