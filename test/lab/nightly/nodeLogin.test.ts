/** Users on compute nodes: where they have a job, and nowhere else; root always, also when that is broken. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import {
  addressOf,
  ask,
  baseConfig,
  baseState,
  configure,
  eventually,
  on,
  stack,
} from "../../support/site";

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-kim-"));
const key = path.join(directory, "key");
let outputs: StackOutputs;
const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());
/** kim on the login machine. Homes are the site's file server's, and there is none. */
const kim = (command: string, input = "") =>
  ask(outputs, "client", `cd /home/kim && runuser -u kim -- ${command}`, { reject: false, input });
const logsIn = (node: string, command = "id -un") =>
  kim(`ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new ${node} '${command}'`);
/** What root sees there, by a connection of its own. */
async function root(node: string, command: string): Promise<string> {
  const { privateKeyFile, knownHostsFile } = outputs.ssh;
  const options = ["BatchMode=yes", `UserKnownHostsFile=${knownHostsFile}`, "ControlPath=none"];
  const words = ["-F", "none", "-i", privateKeyFile, ...options.flatMap((o) => ["-o", o])];
  const { stdout } = await execa("ssh", [...words, `root@${addressOf(outputs, node)}`, command]);
  return stdout;
}

beforeAll(async () => {
  outputs = await baseState();
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "kim", "-f", key]);
  const sshKeys = [readFileSync(`${key}.pub`, "utf8").trim()];
  const slurm = { ...(baseConfig()["slurm"] as object), nodeLogin: true };
  configure({ slurm, users: { local: [{ name: "kim", uid: 2001, sshKeys }] } });
  await stack.run("up");
  await kim("mkdir -p -m 700 .ssh");
  await kim("tee .ssh/id_ed25519", readFileSync(key, "utf8"));
  await kim("chmod 600 .ssh/id_ed25519");
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await on(outputs, "client", "scancel --user=kim; rm -rf /home/kim", { reject: false });
  await baseState();
});

it("a user without a job is let in nowhere", async () => {
  for (const node of ["compute1", "compute2"]) {
    const { exitCode, stdout } = await logsIn(node);
    expect([exitCode, stdout]).toEqual([255, ""]);
  }
  expect(await root("compute1", "id -un")).toBe("root");
});

it("one with a job is let in where it runs, and is in it, until it ends", async () => {
  const { stdout: job } = await kim(
    "sbatch --parsable --nodelist=compute1 --chdir=/tmp --output=/dev/null --time=10 --wrap 'sleep 600'",
  );
  const state = () => client(`squeue -h -j ${job} -o %T`);
  await eventually("the job runs", 30, async () => (await state()) === "RUNNING");
  const { stdout, stderr } = await logsIn("compute1", "echo $(id -un) $SLURM_JOB_ID");
  expect([stdout, stderr]).toEqual([`kim ${job}`, expect.any(String)]);
  expect((await logsIn("compute2")).exitCode).toBe(255);
  await kim(`scancel ${job}`);
  const out = async () => (await logsIn("compute1")).exitCode === 255;
  await eventually("who has no job any more is out", 60, out, 1);
});

it("root is let in when the module is broken, or Slurm is", async () => {
  const module = "/lib/security/pam_slurm_adopt.so";
  await on(outputs, "compute1", `mv ${module} ${module}.away; systemctl stop slurmd`);
  try {
    expect(await root("compute1", "id -un")).toBe("root");
    expect((await logsIn("compute1")).exitCode).toBe(255);
  } finally {
    await on(outputs, "compute1", `mv ${module}.away ${module}; systemctl start slurmd`);
  }
});

it("what leaves the config leaves nothing behind", async () => {
  configure();
  await stack.run("up");
  const left =
    "grep -c slurm_adopt /etc/pam.d/sshd; ls /etc/ssh/sshd_config.d/hpc-ha-users.conf 2>/dev/null | wc -l; " +
    "nft list ruleset | grep -c 'users with a job'; true";
  expect(await root("compute1", left)).toBe("0\n0\n0");
});
