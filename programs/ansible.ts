import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ansibleSshArguments } from "../lib/ssh";
import { AnsibleEvents, type HostOutcome } from "./ansibleEvents";

/** A playbook and all that it is told. Holds secrets. */
export const runSchema = z.strictObject({
  /** Playbook file under ansible/. */
  playbook: z.string().regex(/^[\w-]+\.yml$/),
  /** Inventory as YAML. Holds no secrets. */
  inventory: z.string(),
  /** Play-wide variables; may hold secrets. */
  vars: z.record(z.string(), z.unknown()),
  /** One known_hosts line for each machine. */
  knownHosts: z.string(),
  sshKeyFile: z.string().min(1),
});
export type RunRequest = z.infer<typeof runSchema>;

export interface RunOptions {
  /** Machines of the inventory. Default: all. */
  limit?: string[];
  /** Only look what would change. Default false. */
  check?: boolean;
  /** Shows a line to a person. */
  say: (line: string) => void;
  /** When aborted, Ansible is ended with all that it started. */
  signal?: AbortSignal;
}

export interface RunOutcome {
  /** By machine. */
  hosts: Map<string, HostOutcome>;
  ok: boolean;
  /** What failed, as lines for a person. */
  failure: string[];
}

/** How many machines Ansible works on at the same time. */
export const AT_ONCE = 20;
/** For one connection, s. Many machines that start at once on few cores take their time to answer. */
const CONNECT_SECONDS = 60;
/** Memory, where the machine has it: what is killed with the machine leaves nothing on a disk. */
const MEMORY = "/dev/shm";
/** Ends when this process does, however that comes, and leaves neither Ansible nor a file of it. */
const GUARDIAN = 'read -r group; cat >/dev/null; kill -KILL -"$group" 2>/dev/null; rm -rf "$0"';

/**
 * Runs one playbook. What it writes is readable by its user only, and gone at the end, also when this process is
 * killed; the file of the variables, which hold the secrets, as soon as Ansible has read it.
 */
export async function runPlaybook(request: RunRequest, options: RunOptions): Promise<RunOutcome> {
  const { limit, check = false, say, signal } = options;
  signal?.throwIfAborted();
  const parent = fs.existsSync(MEMORY) ? MEMORY : tmpdir();
  const dir = fs.mkdtempSync(path.join(parent, "hpc-ha-ansible-"));
  const guardian = spawn("sh", ["-c", GUARDIAN, dir], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const guarded = new Promise((resolve) => guardian.once("close", resolve));
  guardian.stdin.on("error", () => undefined);
  const file = (name: string, content: string) => {
    fs.writeFileSync(path.join(dir, name), content, { mode: 0o600 });
    return path.join(dir, name);
  };
  const vars = file("vars.json", JSON.stringify(request.vars));
  const child = spawn(
    "ansible-playbook",
    [
      ...["-i", file("inventory.yml", request.inventory), "-e", `@${vars}`],
      ...(limit ? ["--limit", limit.join(",")] : []),
      ...(check ? ["--check"] : []),
      path.join("ansible", request.playbook),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: who types Ctrl-C asks for an end after this machine, and not in the middle of it.
      detached: true,
      env: {
        ...process.env,
        ANSIBLE_CONFIG: path.resolve("ansible", "ansible.cfg"),
        ANSIBLE_FORKS: String(AT_ONCE),
        ANSIBLE_TIMEOUT: String(CONNECT_SECONDS),
        ANSIBLE_LOCAL_TEMP: path.join(dir, "tmp"),
        ANSIBLE_SSH_ARGS: ansibleSshArguments(
          {
            privateKeyFile: request.sshKeyFile,
            knownHostsFile: file("known_hosts", request.knownHosts),
          },
          { connectSeconds: CONNECT_SECONDS, shared: { directory: dir, seconds: 30 } },
        ),
        ANSIBLE_STDOUT_CALLBACK: "ansible.posix.jsonl",
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_FORCE_COLOR: "0",
        ...mitogen(),
      },
    },
  );
  // No group at all where it did not start: 0 would be that of the guardian.
  guardian.stdin.write(`${child.pid ?? ""}\n`);
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  signal?.addEventListener("abort", end);

  const events = new AnsibleEvents(request.playbook, Date.now);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      // It has read them when it begins.
      fs.rmSync(vars, { force: true });
      for (const out of events.line(line)) if (!check) say(out);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (e) =>
      reject(new Error(`ansible-playbook did not start (${e.message}): run the set-up first`)),
    );
    child.on("close", (status) => resolve(status ?? 1));
  }).finally(async () => {
    signal?.removeEventListener("abort", end);
    guardian.stdin.end();
    await guarded;
  });
  signal?.throwIfAborted();
  if (code === 0 && !check) say(events.summary());
  return { hosts: events.hosts, ok: code === 0, failure: events.failure() };
}

/** Mitogen's strategy, when it is installed beside ansible-playbook: about 1.6 times as fast. */
function mitogen(): NodeJS.ProcessEnv {
  const plugins = process.env["HPC_HA_MITOGEN"];
  return plugins === undefined
    ? {}
    : { ANSIBLE_STRATEGY_PLUGINS: plugins, ANSIBLE_STRATEGY: "mitogen_linear" };
}
