import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { CONNECT_SECONDS, type SshAccess, sshArguments } from "../lib/ssh";
import { type Check, probeScript, readProbe, type Sick } from "./check";
import type { Request } from "./request";
import { type Observed, parseObservation } from "./state";

/** The node cannot be worked with now: no ssh, or no HAProxy running. Not a reason to stop. */
export class NodeLost extends Error {}

export const ADMIN_SOCKET = "UNIX-CONNECT:/run/haproxy/admin.sock";
/** Commands on one line of the runtime socket: 60 bytes each in a buffer of 16 KiB, and spare. */
const BATCH = 100;
/** A node that was silent for twice as long is lost, s. */
const ALIVE_SECONDS = 2;
/** Longest time for one exchange with a runtime socket, s. It answers in milliseconds. */
const ANSWER_SECONDS = 15;

/** One ssh connection per HAProxy node, shared by all that is run there (ControlMaster). */
export class Connections {
  private readonly dir = mkdtempSync(path.join(tmpdir(), "haproxy-"));

  private readonly access: SshAccess;

  /** @param patience factor of how long a node may take to answer */
  constructor(
    { knownHosts, user, privateKeyFile }: Request["ssh"],
    private readonly patience: number,
  ) {
    const knownHostsFile = path.join(this.dir, "known_hosts");
    writeFileSync(knownHostsFile, knownHosts, { mode: 0o600 });
    this.access = { user, privateKeyFile, knownHostsFile };
  }

  node(name: string, address: string): HaproxyNode {
    return new HaproxyNode(name, (command, stdin, seconds) =>
      run("ssh", [...this.arguments(address), command], stdin, seconds),
    );
  }

  /** Ends the shared connections and removes what was written. */
  async close(addresses: string[]): Promise<void> {
    await Promise.all(
      addresses.map((a) => run("ssh", ["-O", "exit", ...this.arguments(a)], "", 5)),
    );
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A dead node shows within seconds, at the start and in the middle. Nothing that is said to them is a secret. */
  private arguments(address: string): string[] {
    const shared = { directory: this.dir, seconds: 60 };
    const tuning = {
      connectSeconds: Math.ceil(CONNECT_SECONDS * this.patience),
      aliveSeconds: Math.ceil(ALIVE_SECONDS * this.patience),
      shared,
      cheap: true,
    };
    return sshArguments(this.access, address, tuning);
  }
}

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}
type Remote = (command: string, stdin: string, seconds: number) => Promise<Result>;

/** One HAProxy node through its admin socket. */
export class HaproxyNode {
  constructor(
    readonly name: string,
    private readonly remote: Remote,
  ) {}

  /** @throws NodeLost when ssh or HAProxy does not answer */
  async observe(backends: string[]): Promise<Observed> {
    const text = await this.admin("show servers state; show stat -1 4 -1");
    return parseObservation(text, backends);
  }

  /**
   * Runs commands in order and saves the state, so that a crash right after keeps the change. What HAProxy
   * says to a command is not judged here: the caller observes whether it had its effect.
   */
  async apply(commands: string[]): Promise<string> {
    let said = "";
    for (let i = 0; i < commands.length; i += BATCH) {
      said += await this.admin(commands.slice(i, i + BATCH).join("; "));
    }
    await this.must("/usr/local/sbin/haproxy-state save", "");
    return said.trim();
  }

  /**
   * Waits until every check succeeds, made from this node.
   * @returns those that did not within `seconds`
   */
  async probe(checks: Check[], seconds: number): Promise<Sick[]> {
    // What is asked last before the end is waited for; those of an address one after the other.
    const last = checks.reduce((sum, check) => sum + check.seconds + 0.5, 0);
    const longest = seconds + last + ANSWER_SECONDS;
    return readProbe(checks, await this.must("bash -s", probeScript(checks, seconds), longest));
  }

  /** Whether this node has an address, e.g. a VIP. */
  async holds(address: string): Promise<boolean> {
    return (await this.must(`ip -o -4 address show to ${address}`, "")).includes(" inet ");
  }

  private admin(line: string): Promise<string> {
    return this.must(`socat -t ${ANSWER_SECONDS} - ${ADMIN_SOCKET}`, `${line}\n`);
  }

  private async must(command: string, stdin: string, seconds = ANSWER_SECONDS): Promise<string> {
    const { code, stdout, stderr } = await this.remote(command, stdin, seconds);
    if (code === 0) return stdout;
    const why = stderr.trim().split("\n").at(-1) || `no answer within ${seconds} s`;
    throw new NodeLost(`${this.name}: ${why}`);
  }
}

/** Runs a program to its end; `code` is null when it was killed after `seconds`. */
function run(file: string, args: string[], stdin: string, seconds: number): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: "pipe", timeout: Math.round(seconds * 1000) });
    const result: Result = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (d: string) => (result.stdout += d));
    child.stderr.setEncoding("utf8").on("data", (d: string) => (result.stderr += d));
    child.on("error", (e) => resolve({ ...result, stderr: e.message }));
    child.on("close", (code) => resolve({ ...result, code }));
    // The program may end without reading; its exit code tells what happened.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
  });
}
