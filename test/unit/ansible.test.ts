import { existsSync, readFileSync } from "node:fs";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunRequest } from "../../programs/ansible";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
/** An ansible-playbook that writes down what it was given, as it is after the run. */
beforeAll(() =>
  commands.set(
    "ansible-playbook",
    `cd ${commands.directory}
printf '%s\\n' "$@" >arguments
printf %s "$ANSIBLE_SSH_ARGS" >ssh-arguments
stat -c %a "$2" "\${4#@}" >modes
cat "\${4#@}" >vars
echo 'changed: [web1] => {}'
echo 'fatal: [web1]: FAILED! => {"msg": "no space left"}'
exit "$(cat code)"
`,
  ),
);
const request: RunRequest = {
  playbook: "web.yml",
  inventory: "all: {}\n",
  vars: { password: "s3cret" },
  knownHosts: "192.0.2.1 ssh-ed25519 AAAA\n",
  sshKeyFile: "/home/a b/it's the key",
  sources: "",
  incarnations: [],
};
const run = async (code: number, change: object = {}) => {
  await execa("sh", ["-c", `echo ${code} >${commands.path("code")}`]);
  return commands.run("ansible", { ...request, ...change }, { HPC_HA_MITOGEN: undefined });
};
const wrote = (name: string) => readFileSync(commands.path(name), "utf8");

it("hands over inventory and variables in files that only its user can read, gone at the end", async () => {
  const { exitCode, stdout } = await run(0);
  expect([exitCode, stdout]).toEqual([0, "web.yml: done"]);
  const [, inventory = "", , vars = "", playbook] = wrote("arguments").split("\n");
  expect(playbook).toBe("ansible/web.yml");
  expect(wrote("modes")).toBe("600\n600\n");
  expect(JSON.parse(wrote("vars"))).toEqual(request.vars);
  expect([inventory, vars.slice(1)].map((file) => existsSync(file))).toEqual([false, false]);
});

it("has Ansible reach the machines as all do, wherever the key is", async () => {
  await run(0);
  // As Ansible and Mitogen split them.
  const split = "import json, shlex, sys; print(json.dumps(shlex.split(sys.stdin.read())))";
  const { stdout } = await execa("python3", ["-c", split], { input: wrote("ssh-arguments") });
  const words = JSON.parse(stdout) as string[];
  expect(words.slice(0, 4)).toEqual(["-F", "none", "-i", request.sshKeyFile]);
  expect(words).toContain("StrictHostKeyChecking=yes");
  expect(words.join(" ")).toMatch(/UserKnownHostsFile=\S+\/known_hosts .*ControlPath=\S+\/%C/);
});

it("ends as the playbook ends, and says where and why it failed", async () => {
  const { exitCode, stdout, stderr } = await run(2);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/web\.yml failed:\n {2}web1: .*\n? *no space left/);
});

it("refuses what is no request, without a word of its secrets", async () => {
  const { exitCode, stderr } = await run(0, { playbook: "../s3cret.yml", unknown: "s3cret" });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/playbook/);
  expect(stderr).not.toContain("s3cret");
});
