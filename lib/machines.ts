import execa from "execa";
import { SSH_FAILED } from "../programs/ready";
import { type MachineOutput, machinesOf, type StackOutputs } from "../cli/stack";

/** A machine that ssh did not reach within this time does not answer, s. */
const CONNECT_SECONDS = 5;

/** Pause between two looks, ms: a login costs a tenth of a second on both sides. */
const POLL = 500;

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

/** The machines of a site, to look at them and to act on them as root. */
export class Machines {
  private readonly all: MachineOutput[];

  constructor(private readonly outputs: Pick<StackOutputs, "addresses" | "login">) {
    this.all = machinesOf(outputs);
  }

  /** Names of the machines of a role, in the order of the site's plan. */
  names = (role: string): string[] => this.all.filter((m) => m.role === role).map((m) => m.name);

  /**
   * Runs shell text on a machine and returns what it wrote.
   * @param seconds longest time that it may take, with the connection
   * @throws RemoteFailure when it fails, or the machine does not answer
   */
  async run(name: string, command: string, seconds = 30): Promise<string> {
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
  async ask(name: string, command: string, seconds = 10): Promise<string | undefined> {
    return this.run(name, command, seconds).catch((error: unknown) => {
      if (error instanceof RemoteFailure) return undefined;
      throw error;
    });
  }

  /** Starts shell text on a machine; never rejects. (In an object, since a child is awaitable itself.) */
  start(name: string, command: string, seconds: number): { child: execa.ExecaChildProcess } {
    const address = this.all.find((m) => m.name === name)?.address;
    if (address === undefined) throw new Error(`no machine ${name}`);
    const [file = "", ...args] = this.outputs.login.replace("ADDRESS", address).split(" ");
    const options = ["BatchMode=yes", `ConnectTimeout=${CONNECT_SECONDS}`, "LogLevel=ERROR"];
    const argv = [...args, ...options.flatMap((o) => ["-o", o]), command];
    return { child: execa(file, argv, { reject: false, timeout: seconds * 1000 }) };
  }
}

/**
 * Waits until a question is answered with something else than undefined.
 * @throws Error when that takes longer than `seconds`
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
