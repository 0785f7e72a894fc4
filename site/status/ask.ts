import execa from "execa";
import type { MachineAddress } from "../../lib/machines";
import { type SshAccess, SSH_FAILED, sshArguments, type SshTuning } from "../../lib/ssh";

/** What came of asking a machine. */
export interface Reply {
  machine: MachineAddress;
  /** What it wrote until then. */
  text: string;
  end: End;
  /** Time until its first word, s; undefined when there was none. */
  seconds?: number;
}

/**
 * How far a machine came. done: all was answered; cut: it began to answer; greeted: its sshd spoke, so programs run
 * there; mute: nothing was heard, though there may be a connection; unreachable: there was no connection in time;
 * refused: there was a definite no.
 */
export type End = "done" | "cut" | "greeted" | "mute" | "unreachable" | "refused";

/** How long machines are waited for. */
export interface Patience {
  /** For the first of them to say anything, s. */
  first: number;
  /** For the others, all the same: as a multiple of the time that the slowest that has spoken needed for it. */
  factor: number;
  /** At least so much longer than that one, s. */
  least: number;
  /** At most for all that each has to say, s. */
  most: number;
  /** For the answer to each part of a question, s. Default: as `most`. */
  each?: number;
}

/**
 * Runs shell text as root on machines, on all at once. A machine that says nothing while the others have long begun to
 * is given up: so dead machines cost little time, and where all are slow because they are busy, all are waited for.
 * @param script what a machine is asked; $EACH in it is the patience with each part, s
 * @param tuning of the connections
 */
export async function ask(
  machines: readonly MachineAddress[],
  access: SshAccess,
  script: (machine: MachineAddress) => string,
  { first, factor, least, most, each = most }: Patience,
  tuning: SshTuning = {},
): Promise<Reply[]> {
  const start = performance.now();
  const silent = new Set<execa.ExecaChildProcess>();
  const giveUp = () => silent.forEach((child) => child.kill());
  let timer = setTimeout(giveUp, first * 1000);
  const options: SshTuning = { cheap: true, connectSeconds: Math.ceil(most), ...tuning };
  // A connection that stays open for the next command would keep the channel of ssh's own words open as well.
  const verbose = tuning.shared ? [] : ["-v"];
  const replies = machines.map(async (machine): Promise<Reply> => {
    // The first word is for nothing but to show that it has come in.
    const text = `echo; EACH=${each}; ${script(machine)}`;
    const args = [...verbose, ...sshArguments(access, machine.address, options), text];
    const child = execa("ssh", args, {
      reject: false,
      stdin: "ignore",
      timeout: Math.round(most * 1000),
    });
    silent.add(child);
    let seconds: number | undefined;
    child.stdout?.once("data", () => {
      silent.delete(child);
      clearTimeout(timer);
      seconds = (performance.now() - start) / 1000;
      timer = setTimeout(giveUp, Math.max(seconds * (factor - 1), least) * 1000);
    });
    const { exitCode, stdout, stderr } = await child;
    silent.delete(child);
    return { machine, text: stdout, seconds, end: endOf(exitCode, seconds !== undefined, stderr) };
  });
  return Promise.all(replies).finally(() => clearTimeout(timer));
}

/**
 * How far a machine came.
 * @param exitCode of ssh; undefined when it was stopped
 * @param stderr ssh's own words, best with -v
 */
export function endOf(exitCode: number | undefined, spoke: boolean, stderr: string): End {
  // Other codes are of the script, whose last question may have had no answer.
  if (exitCode !== undefined && exitCode !== SSH_FAILED) return "done";
  if (spoke) return "cut";
  if (/Permission denied|Host key verification failed/.test(stderr)) return "refused";
  if (/Remote protocol version/.test(stderr)) return "greeted";
  if (/connect to host .* timed out/.test(stderr)) return "unreachable";
  if (/banner exchange|kex_exchange|Connection established|onnection (closed|reset)/.test(stderr)) {
    return "mute";
  }
  if (exitCode === SSH_FAILED) return "refused";
  return /debug1: Connecting to/.test(stderr) ? "unreachable" : "mute";
}
