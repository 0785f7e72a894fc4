import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { program } from "../lib/program";
import { ansibleSshArguments } from "../lib/ssh";
import { AnsibleProgress } from "./ansibleProgress";

/** One run of one playbook. Holds secrets. */
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
  /** Hash of the playbook and its roles: a change of them is a reason to run again. */
  sources: z.string(),
  /** Of the machines: one that was made anew is a reason to run again. */
  incarnations: z.array(z.string()),
});
export type RunRequest = z.infer<typeof runSchema>;

/** For one connection, s. Many machines that start at once on few cores take their time to answer. */
const CONNECT_SECONDS = 60;

/**
 * Runs one playbook as asked on stdin (RunRequest). Progress goes to stderr, one closing line to
 * stdout. What it writes is readable by its user only and gone at the end, whatever happens.
 */
export async function run(request: RunRequest): Promise<number> {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ansible-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  const file = (name: string, content: string) => {
    writeFileSync(path.join(dir, name), content, { mode: 0o600 });
    return path.join(dir, name);
  };
  const inventory = file("inventory.yml", request.inventory);
  const vars = file("vars.json", JSON.stringify(request.vars));
  const knownHosts = file("known_hosts", request.knownHosts);

  const child = spawn(
    "ansible-playbook",
    ["-i", inventory, "-e", `@${vars}`, path.join("ansible", request.playbook)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ANSIBLE_CONFIG: path.resolve("ansible", "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP: path.join(dir, "tmp"),
        ANSIBLE_SSH_ARGS: ansibleSshArguments(
          { privateKeyFile: request.sshKeyFile, knownHostsFile: knownHosts },
          { connectSeconds: CONNECT_SECONDS, shared: { directory: dir, seconds: 30 } },
        ),
        ANSIBLE_NOCOLOR: "1",
        ANSIBLE_FORCE_COLOR: "0",
        ...mitogen(),
      },
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));

  const progress = new AnsibleProgress(request.playbook, Date.now);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      for (const out of progress.line(line)) console.error(out);
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (e) =>
      reject(new Error(`ansible-playbook did not start (${e.message}): run the set-up first`)),
    );
    child.on("close", (status) => resolve(status ?? 1));
  });
  if (code === 0) {
    console.error(progress.summary());
    // The same whatever changed: the output is an input of what comes after.
    console.log(`${request.playbook}: done`);
  } else for (const out of progress.failure()) console.error(out);
  return code;
}

/** Mitogen's strategy, when it is installed beside ansible-playbook: about 1.6 times as fast. */
function mitogen(): NodeJS.ProcessEnv {
  const plugins = process.env["HPC_HA_MITOGEN"];
  return plugins === undefined
    ? {}
    : { ANSIBLE_STRATEGY_PLUGINS: plugins, ANSIBLE_STRATEGY: "mitogen_linear" };
}

if (require.main === module) program(runSchema, run);
