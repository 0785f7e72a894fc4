import { existsSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { readProc } from "../../lib/processes";
import type { RunOutcome, RunRequest } from "../../programs/ansible";
import { until } from "../../lib/wait";
import { Commands, TSX } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const captured = (name: string) => path.join(__dirname, "fixtures/ansible", `${name}.jsonl`);

/** An ansible-playbook that writes down what it was given and says what a real one said. */
const fake = (rest: string) =>
  commands.set(
    "ansible-playbook",
    `cd ${commands.directory}
for word; do echo "$word"; done >arguments
printf %s "$ANSIBLE_SSH_ARGS" >ssh-arguments
echo "$ANSIBLE_FORKS at once, $ANSIBLE_TIMEOUT s" >limits
stat -c %a "$2" "\${4#@}" >modes
cat "\${4#@}" >vars
${rest}
`,
  );
const says = (name: string, code = 0) => fake(`cat ${captured(name)}; exit ${code}`);
/** One that never ends, with what it started. */
const HANGS = `echo '{"_event": "v2_playbook_on_start"}'
sh -c 'echo $$ >child; exec sleep 1000' &
while [ -e "\${4#@}" ]; do sleep 0.05; done
echo gone >vars-gone
wait`;
beforeEach(() => {
  for (const name of ["child", "vars-gone"]) rmSync(commands.path(name), { force: true });
});

const run: RunRequest = {
  playbook: "web.yml",
  inventory: "all: {}\n",
  vars: { password: "s3cret" },
  knownHosts: "192.0.2.1 ssh-ed25519 AAAA\n",
  sshKeyFile: "/home/a b/it's the key",
};
const start = (options: object = {}, change: object = {}) =>
  commands.run(
    "../test/support/playbook",
    { run: { ...run, ...change }, ...options },
    { HPC_HA_MITOGEN: undefined },
  );
const play = async (options?: object) => {
  const { stdout, stderr } = await start(options);
  const outcome = JSON.parse(stdout) as Omit<RunOutcome, "hosts"> & {
    hosts: Record<string, { changed: string[]; files: string[] }>;
  };
  return { ...outcome, said: stderr };
};
const wrote = (name: string) => readFileSync(commands.path(name), "utf8");
const words = () => wrote("arguments").trim().split("\n");

describe("a run of a playbook", () => {
  it("hands over inventory and variables in files that only its user can read, gone at the end", async () => {
    says("ok");
    expect((await play()).ok).toBe(true);
    const [, inventory = "", , vars = "", playbook] = words();
    expect(playbook).toBe("ansible/web.yml");
    expect(wrote("modes")).toBe("600\n600\n");
    expect(JSON.parse(wrote("vars"))).toEqual(run.vars);
    const left = [inventory, vars.slice(1), path.dirname(inventory)];
    expect(left.map((file) => existsSync(file))).toEqual([false, false, false]);
  });

  it("has Ansible reach the machines as all do, wherever the key is", async () => {
    says("ok");
    await play();
    expect(wrote("limits")).toBe("20 at once, 60 s\n");
    // As Ansible and Mitogen split them.
    const split = "import json, shlex, sys; print(json.dumps(shlex.split(sys.stdin.read())))";
    const { stdout } = await execa("python3", ["-c", split], { input: wrote("ssh-arguments") });
    const arguments_ = JSON.parse(stdout) as string[];
    expect(arguments_.slice(0, 4)).toEqual(["-F", "none", "-i", run.sshKeyFile]);
    expect(arguments_).toContain("StrictHostKeyChecking=yes");
    expect(arguments_.join(" ")).toMatch(
      /UserKnownHostsFile=\S+\/known_hosts .*ControlPath=\S+\/%C/,
    );
  });

  it("says what changed as it comes, and knows by machine what changed and what was written", async () => {
    says("ok");
    const { hosts, failure, said } = await play();
    expect(hosts["here"]?.changed).toContain("Write files");
    expect(hosts["here"]?.files).toContain("/etc/site/settings");
    expect(failure).toEqual([]);
    expect(said).toMatch(
      / s {2}here: Write a file\n(.*\n)*.* s {2}web\.yml: machines=1 ok=8 changed=7$/,
    );
  });

  it("can be of some machines only, and only look, and then says nothing", async () => {
    says("ok");
    const { hosts, said } = await play({ limit: ["web1", "web2"], check: true });
    expect(words().slice(4)).toEqual(["--limit", "web1,web2", "--check", "ansible/web.yml"]);
    expect(hosts["here"]?.changed).toContain("Write files");
    expect(said).toBe("");
  });

  it("that fails says where and why", async () => {
    says("failed", 4);
    const { ok, failure, said } = await play();
    expect([ok, failure.length]).toEqual([false, 2]);
    expect(failure[1]).toMatch(/^here: Write the daemon's settings: failed to validate: line 1 /);
    expect(said).not.toContain("machines=");
  });

  it("that does not start says what is missing, and leaves no file", async () => {
    const password = `only here ${process.pid}`;
    const { exitCode, stderr } = await execa("node", [...TSX, "test/support/playbook.ts"], {
      input: JSON.stringify({ run: { ...run, vars: { password } } }),
      env: { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` },
      reject: false,
    });
    expect([exitCode, stderr]).toEqual([
      1,
      "ansible-playbook did not start (spawn ansible-playbook ENOENT): run the set-up first",
    ]);
    const left = await execa("grep", ["-rls", password, "/dev/shm"], { reject: false });
    expect(left.stdout).toBe("");
  });

  it("is refused where it is no request, without a word of its secrets", async () => {
    const { exitCode, stderr } = await start({}, { playbook: "../s3cret.yml", unknown: "s3cret" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/playbook/);
    expect(stderr).not.toContain("s3cret");
  });
});

describe("a run that is cut off", () => {
  /** Starts one that never ends; it has read its variables. */
  const hanging = async () => {
    fake(HANGS);
    const running = start();
    const read = () => Promise.resolve(existsSync(commands.path("vars-gone")));
    await until("it runs", 20, read, 0.05);
    return { running };
  };
  /** Nothing of it runs, and none of its files is left. */
  const nothingLeft = async () => {
    const child = Number(wrote("child"));
    const gone = () =>
      !/sleep/.test(readProc(child, "comm")) || /^State:\tZ/m.test(readProc(child, "status"));
    const [, inventory = ""] = words();
    const nothing = () => Promise.resolve(gone() && !existsSync(path.dirname(inventory)));
    await until("nothing is left", 10, nothing, 0.05);
  };

  it("has no file of its variables any more: that goes when Ansible has read it", async () => {
    const { running } = await hanging();
    const [, inventory = "", , vars = ""] = words();
    expect([existsSync(inventory), existsSync(vars.slice(1))]).toEqual([true, false]);
    running.kill("SIGTERM");
    await running;
  });

  it("by who asked for it ends Ansible and all that it started, and leaves no file", async () => {
    const { running } = await hanging();
    running.kill("SIGTERM");
    const { stderr } = await running;
    expect(stderr).toContain("aborted");
    await nothingLeft();
  });

  it("by the end of the process that runs it leaves neither Ansible nor a file", async () => {
    const { running } = await hanging();
    running.kill("SIGKILL");
    await running;
    await nothingLeft();
  });

  it("has Ansible in a group of its own: Ctrl-C does not reach it in the middle of a machine", async () => {
    const { running } = await hanging();
    const group = (pid: number) => readProc(pid, "stat").replace(/.*\) /, "").split(" ")[2];
    const child = await vi.waitFor(() => Number(wrote("child")), { timeout: 10_000 });
    expect(group(child)).not.toBe(group(running.pid ?? 0));
    running.kill("SIGTERM");
    await running;
  });
});
