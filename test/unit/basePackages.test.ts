/** Role base's packages, asked what would change: by the real Ansible, on this machine, with a dpkg of the test's. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const playbook = commands.path("play.yml");
beforeAll(() => {
  const tasks = path.join(projectRoot, "ansible/roles/base/tasks/packages.yml");
  const play = {
    hosts: "localhost",
    connection: "local",
    gather_facts: false,
    vars: { base_packages: ["munge", "slurmd"] },
    tasks: [{ "ansible.builtin.import_tasks": tasks }],
  };
  writeFileSync(playbook, JSON.stringify([play]));
});

/** What `--check` says, on a machine that has these. */
async function check(installed: string[]): Promise<string> {
  const lines = installed.map((name) => `echo installed ${name}`);
  commands.set("dpkg-query", [...lines, "exit 1"].join("\n"));
  const env = { PATH: `${commands.path("bin")}:${process.env["PATH"]}` };
  const args = ["-i", "localhost,", "--check", playbook];
  const { stdout } = await execa("ansible-playbook", args, { env, cwd: "ansible", reject: false });
  return /localhost +: (.*)/.exec(stdout)?.[1] ?? stdout;
}

it("says that nothing would, where all are there, also without the module of Ansible's", async () => {
  expect(await check(["munge", "slurmd"])).toMatch(/changed=0 .*failed=0/);
});

it("says that something would, and does not fail, where one is missing", async () => {
  expect(await check(["munge"])).toMatch(/changed=[1-9].*failed=0/);
});
