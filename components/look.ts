/** How a tier is looked at: what its machines are asked, what their answers mean, and how that is said. */
import type { Colors } from "picocolors/types";
import type { MachineAddress } from "../lib/machines";
import { loginCommand } from "../lib/ssh";
import type { SiteOutputs } from "../plan/outputs";

/** What is known of looking at a tier. Only reads; all but the questions' text is pure. */
export interface Look<State = unknown> {
  /** Place of its rows and findings among those of other tiers, from 1: what stops most people comes first. */
  rank: number;
  /** What its machines are asked besides their health: shell text, made by `part`. */
  questions(site: SiteOutputs): string[];
  /** What its machines' answers mean. */
  read(members: MachineHealth[], part: Part, site: SiteOutputs): State;
  /**
   * What is wrong, without what follows from a machine or unit that is named already. What was not told in time is
   * nobody's fault: it is named once for all tiers.
   */
  findings(state: State, status: Status): Finding[];
  /** Its lines on the status screen; one without a title goes on with the line above. */
  rows(state: State, status: Status, c: Colors): [title: string, text: string][];
  /** What it shows below all rows. Default: nothing. */
  table?(state: State, status: Status, c: Colors): string[];
  /** What to say of units that do not run on one of its machines. Default: that restarting them mends it. */
  faults?(state: State, machine: MachineHealth, status: Status): { why?: string; mend?: string };
}

/**
 * What a machine said to a part of its questions.
 * @returns "" also when it does not answer at all; undefined when it may have had something to say, but not in time
 */
export type Part = (machine: string, name: string) => string | undefined;

/** Health of a machine that is off, frozen or cut off. */
export const NO_ANSWER = "does not answer";
/** Health of a machine that is there, but was too busy to say how it is. */
export const LATE = "no answer in time";

/** A file system that is so full leaves no time to do something about it, %. */
export const FULL_PERCENT = 95;

/** One machine as it is now. */
export interface MachineHealth extends MachineAddress {
  /** "ok", or what is not. */
  health: string;
  /** Units that should run and do not, and units that failed. */
  faults: string[];
  /** Its own file systems that are full, or will be soon (FULL_PERCENT). */
  full: { path: string; percent: number }[];
  /** VIPs that it holds. */
  vips: string[];
  /** Parts of its questions that it did not answer in time; of its health they are "units", "addresses", "disks". */
  late: string[];
}

/** The site as it is now. Holds no secrets. */
export interface Status {
  stack: string;
  site: SiteOutputs;
  machines: MachineHealth[];
  vips: Vip[];
  /** What the tiers' looks have read, by name of the tier. */
  tiers: Record<string, unknown>;
}

export interface Vip {
  name: string;
  address: string;
  /** Machines that may hold it. */
  candidates: string[];
  /** Machines that hold it. */
  holders: string[];
  /** Candidates that did not say in time whether they hold it. */
  late: string[];
}

/** Something that is wrong, in words for a person, and what mends it. */
export interface Finding {
  /**
   * Whether a service is down for its users, or only the spare of something is missing; unknown: something did not
   * answer in time, and nobody can tell.
   */
  severity: "reduced" | "down" | "unknown";
  what: string;
  /** Command to type in the project's directory; undefined when other findings' commands mend this too. */
  mend?: string;
}

/** Begins a part of an answer: what follows is what was asked under this name. */
export const MARK = "==> ";
/** Tells that the part of this name was not answered in time. */
export const LATE_MARK = "==! ";

/** A part of a machine's script; its commands' errors are no answer. */
export const part = (name: string, command: string): string =>
  `echo '${MARK}${name}'; ${inTime(name, command)}`;

/** Runs a command for as long as the script's $EACH says, s: what hangs must not hold back what others say. */
export const inTime = (name: string, command: string): string =>
  `timeout "$EACH" sh -c ${quote(command)} 2>/dev/null; [ $? = 124 ] && echo '${LATE_MARK}${name}'`;

/** One word of shell text. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const list = (names: string[]): string => names.join(", ");
export const isAre = (names: string[]): string => (names.length === 1 ? "is" : "are");
export const lines = (text: string): string[] => text.split("\n").map((line) => line.trim());

/** The machines of a tier. */
export const machinesIn = ({ machines }: Status, tier: string): MachineHealth[] =>
  machines.filter((m) => m.tier === tier);

/** Whether a machine has a finding of its own. */
export const isSick = ({ machines }: Status, name: string): boolean =>
  machines.some((m) => m.name === name && m.health !== "ok");

/** Whether a machine did not answer a part of its questions in time. */
export const isLate = ({ machines }: Status, name: string, part: string): boolean =>
  machines.some((m) => m.name === name && m.late.includes(part));

/** The machine that holds a VIP; the first one if there are several. */
export const holderOf = ({ vips }: Status, vip: string): string | undefined =>
  vips.find((v) => v.name === vip)?.holders[0];

/** A command as root on a machine. */
export function on({ site, machines }: Status, name: string, command: string): string {
  const address = machines.find((m) => m.name === name)?.address ?? name;
  return `${loginCommand(site.ssh, address)} ${/[ ;|]/.test(command) ? `'${command}'` : command}`;
}

/** Painted by whether it is as it should be; undefined: nobody can tell. */
export const mark = (good: boolean | undefined, text: string, c: Colors): string =>
  good === undefined ? c.magenta(text) : good ? c.green(text) : c.red(text);

/** "198.18.1.100 on slurm-m1". */
export function vipText({ vips }: Status, name: string, c: Colors): string {
  const vip = vips.find((v) => v.name === name);
  if (vip === undefined) return "";
  const { address, holders, late } = vip;
  if (holders.length === 0 && late.length > 0) return `${address} on ${mark(undefined, "?", c)}`;
  return `${address} on ${mark(holders.length === 1, holders.join(" and ") || "nobody", c)}`;
}
