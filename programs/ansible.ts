import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { RunRequest } from "../components/ansible";
import { AnsibleProgress } from "./ansibleProgress";

/**
 * Runs one playbook as asked on stdin (RunRequest). Progress goes to stderr, one closing line to
 * stdout. What it writes is readable by its user only and gone at the end, whatever happens.
 */
async function main(): Promise<number> {
  const request = JSON.parse(await text(process.stdin)) as RunRequest;
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
        ANSIBLE_PRIVATE_KEY_FILE: request.sshKeyFile,
        ANSIBLE_LOCAL_TEMP: path.join(dir, "tmp"),
        ANSIBLE_SSH_ARGS: [
          "-o ControlMaster=auto -o ControlPersist=30s -o StrictHostKeyChecking=yes",
          `-o ControlPath=${dir}/%C -o UserKnownHostsFile=${knownHosts} -o LogLevel=ERROR`,
        ].join(" "),
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

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(String(error));
    process.exit(1);
  },
);
