import type { Progress } from "../lib/progress";
import type { SshTuning } from "../lib/ssh";
import type { SiteOutputs } from "../plan/outputs";
import type { Stack } from "../site/stack";

/** What a command of `npx hpc` works with. */
export interface Context {
  stack: Stack;
  /** The stack's outputs without secrets: machines, VIPs, how to log in. */
  outputs: SiteOutputs;
  /** How machines are reached to ask them how they are; what changes something takes connections of its own. */
  asking: SshTuning;
  /** Words that follow the command's name; only as many as its `usage` allows. */
  args: string[];
  /** Values of the options that only this command has (`flags` in the table), in the order given; none for a switch. */
  flags: Record<string, string[]>;
  /** `--json` was given: stdout is for one JSON value and nothing else. */
  json: boolean;
  /** Tells a person what goes on, on stderr. */
  progress: Progress;
}

/**
 * One command: a file of its own in cli/commands/ exports it, and the table in cli/hpc.ts lists it.
 * @returns exit code of the process; 3 is taken by "could not be done", which is what a thrown Error means
 */
export type Command = (context: Context) => Promise<number>;

/** Options of a command and what is shown as their value; "" for a switch, which has none. */
export type Flags = Record<string, string>;

/** A command in the table. */
export interface Entry {
  /** One line for `--help`. */
  summary: string;
  /** Words that it takes after its name, as `--help` shows them: "[CONTROLLER]"; "…" for any number. Default none. */
  usage?: string;
  /** Options that only this command has; those with a value any number of times: { lost: "NODE" }. Default none. */
  flags?: Flags;
  /** Loads its file, so that a command does not wait for what only others need. */
  load: () => Promise<Command>;
}
