import type { Status } from "./evaluate";

/** Something that is wrong, in words for a person, and what mends it. */
export interface Finding {
  /** Whether a service is down for its users, or only the spare of something is missing. */
  severity: "reduced" | "down";
  what: string;
  /** Command to type in the project's directory; undefined when other findings' commands mend this too. */
  mend?: string;
}

/** Whole, or the worst of the findings. */
export type Verdict = "whole" | Finding["severity"];
export const verdict = (findings: Finding[]): Verdict =>
  findings.some((f) => f.severity === "down") ? "down" : findings.length > 0 ? "reduced" : "whole";

export const list = (names: string[]) => names.join(", ");
export const isAre = (names: string[]) => (names.length === 1 ? "is" : "are");

/** Whether a machine has a finding of its own. */
export const isSick = ({ machines }: Status, name: string) =>
  machines.some((m) => m.name === name && m.health !== "ok");

/** A command as root on a machine. */
export function on({ login, machines }: Status, name: string, command: string): string {
  const address = machines.find((m) => m.name === name)?.address ?? name;
  return `${login.replace("ADDRESS", address)} ${/[ ;|]/.test(command) ? `'${command}'` : command}`;
}

/** Brings machines back, also those that are frozen. Asks before it does, since it also applies a changed config. */
export const bringBack = ({ stack }: Status) =>
  `pulumi refresh --stack ${stack} && pulumi up --stack ${stack}`;

/** Puts the pool into rotation again on both HAProxy nodes, whatever somebody did to it by hand. */
export const rejoin = ({ stack }: Status) =>
  `pulumi up --stack ${stack} --replace '**entry-membership-command'`;
