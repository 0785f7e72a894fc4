import execa from "execa";
import { CONNECT_SECONDS, type SshAccess, SSH_FAILED, sshArguments, type SshTuning } from "./ssh";

/** A machine of a running site. */
export interface MachineAddress {
  name: string;
  /** Name of its tier. */
  tier: string;
  address: string;
}

/** A command on a machine that did not succeed; the text says where and what it said last. */
export class RemoteFailure extends Error {
  constructor(
    readonly machine: string,
    /** Exit code; undefined when the machine does not answer or the command took too long. */
    readonly code: number | undefined,
    why: string,
  ) {
    super(`${machine}: ${why}`);
  }
}

/** What a question to a machine came to: its answer, or why there is none. */
export const failureOr = <T>(question: () => Promise<T>): Promise<T | RemoteFailure> =>
  question().catch((error: unknown) => {
    if (error instanceof RemoteFailure) return error;
    throw error;
  });

/** The machines of a site, to look at them and to act on them as root. */
export class Machines {
  private readonly tuning: SshTuning;

  /** @param patience factor of how long a machine may take to answer: the site's failoverPatience. Default 1 */
  constructor(
    readonly all: readonly MachineAddress[],
    readonly ssh: SshAccess,
    tuning: SshTuning = {},
    private readonly patience = 1,
  ) {
    this.tuning = { connectSeconds: Math.ceil(CONNECT_SECONDS * patience), ...tuning };
  }

  /** Names of the machines of a tier, in the order of the site's plan. */
  names = (tier: string): string[] => this.all.filter((m) => m.tier === tier).map((m) => m.name);

  /** @throws Error when there is no machine of this name */
  address(name: string): string {
    const found = this.all.find((m) => m.name === name);
    if (found === undefined) throw new Error(`no machine ${name}`);
    return found.address;
  }

  /**
   * Runs shell text on a machine and returns what it wrote.
   * @param seconds longest time that it may take, with the connection. Default 30, times the patience
   * @throws RemoteFailure when it fails, or the machine does not answer
   */
  async run(name: string, command: string, seconds = 30 * this.patience): Promise<string> {
    const { child } = this.start(name, command, seconds);
    const { failed, exitCode, stdout, stderr, timedOut } = await child;
    if (!failed) return stdout;
    const last = stderr.trim().split("\n").at(-1) ?? "";
    if (timedOut) throw new RemoteFailure(name, undefined, `not done after ${seconds} s`);
    if (exitCode === SSH_FAILED) {
      throw new RemoteFailure(name, undefined, `does not answer (${last})`);
    }
    throw new RemoteFailure(name, exitCode, last || `\`${command}\` failed (${exitCode})`);
  }

  /** As `run`, for questions that a machine may not be able to answer: then undefined. */
  async ask(
    name: string,
    command: string,
    seconds = 10 * this.patience,
  ): Promise<string | undefined> {
    return this.run(name, command, seconds).catch((error: unknown) => {
      if (error instanceof RemoteFailure) return undefined;
      throw error;
    });
  }

  /** Starts shell text on a machine; never rejects. (In an object, since a child is awaitable itself.) */
  start(
    name: string,
    command: string,
    seconds: number,
    options: execa.Options = {},
  ): { child: execa.ExecaChildProcess } {
    const args = [...sshArguments(this.ssh, this.address(name), this.tuning), command];
    return {
      child: execa("ssh", args, { reject: false, timeout: Math.round(seconds * 1000), ...options }),
    };
  }
}
