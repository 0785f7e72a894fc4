/** Machines of the owner's as nodes: one that the program gets to by ssh, one that somebody has run the kit on. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectRoot } from "../../../lib/project";
import type { StackOutputs } from "../../../site/stack";
import { type Guest, guest, type GuestKey, guestKey } from "../../support/guest";
import { hpc } from "../../support/hpc";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-kit-"));
const kit = path.join(directory, "kit");
let outputs: StackOutputs;
let key: GuestKey;
let bySsh: Guest;
let byKit: Guest;
/** Files of guest1's /etc with their hashes, as its owner had them. */
let before = "";
let job = "";

/** What the cluster's machines write of themselves is no change: hosts of systemd, and backups of its databases. */
const ETC = "cd /etc && find . -type f ! -name '*-' -exec sha256sum {} + | sort -k 2";
const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());
const state = (name: string) => client(`sinfo -h -n ${name} -o %T | sort -u`);
const files = (text: string) =>
  new Map(text.split("\n").map((line) => [line.slice(66), line.slice(0, 64)] as const));

const SIZE = { cpus: 2, memoryMiB: 500 };
const group = (name: string, address: string, more: object = {}) => ({
  ...{ name, hosts: [{ names: `${name}1`, addresses: address }], ...SIZE, ...more },
});
const ssh = (name: string, hostKey = bySsh.hostKey) => ({
  ssh: { hostKeys: { [`${name}1`]: hostKey } },
});

/** @param groups besides the site's own nodes; the key of those with ssh is set as a secret */
async function configureNodes(...groups: object[]): Promise<void> {
  const nodeGroups = [{ name: "compute", count: 2 }, ...groups];
  configure({ slurm: { ...(baseConfig()["slurm"] as object), nodeGroups, drainSeconds: 3 } });
  for (const [i, one] of nodeGroups.entries()) {
    if (!("ssh" in one)) continue;
    const at = `hpc-ha:slurm.nodeGroups[${i}].ssh.privateKey`;
    const words = ["config", "set", "--secret", "--path", at, "--stack", stack.name];
    await execa("pulumi", words, { cwd: projectRoot, input: key.text });
  }
}
/** @returns what a `pulumi up` says that fails */
const failing = () =>
  stack.start("up", "--yes", "--skip-preview").then(
    () => "",
    (error: { all: string }) => error.all,
  );
const passing = async () => (await stack.start("up", "--yes", "--skip-preview")).all ?? "";
const both = () => [group("guest", bySsh.address, ssh("guest")), group("other", byKit.address)];

beforeAll(async () => {
  outputs = await baseState();
  key = guestKey();
  [bySsh, byKit] = await Promise.all([guest("guest1", 240, key), guest("other1", 241, key)]);
  // Its first boot writes some of it.
  before = await bySsh.run(`systemctl is-system-running --wait >/dev/null; ${ETC}`);
  await configureNodes(...both());
  await stack.run("up");
});
afterAll(async () => {
  await ask(outputs, "client", "scancel --user=root").catch(() => undefined);
  configure();
  await stack.run("up");
  await Promise.all([bySsh.remove(), byKit.remove()]);
  await baseState();
  key.remove();
  rmSync(directory, { recursive: true });
});

it("a machine that is reached by ssh runs jobs after the same pulumi up", async () => {
  expect(await state("guest1")).toBe("idle");
  expect(await client("srun --nodelist=guest1 --time=1 hostname")).toBe("guest1");
});

it("the key is nowhere in the clear", async () => {
  const { stdout } = await stack.start("stack", "export");
  const secret = key.text.split("\n")[2] ?? "";
  expect(secret.length).toBeGreaterThan(50);
  expect(stdout).not.toContain(secret);
  expect(readFileSync(stack.configFile, "utf8")).not.toContain(secret);
});

it("what is not Slurm's is as it was there", async () => {
  const now = files(await bySsh.run(ETC));
  const was = files(before);
  const changed = [...new Set([...now.keys(), ...was.keys()])].filter(
    (f) => now.get(f) !== was.get(f),
  );
  expect(changed.sort()).toEqual([
    "./default/slurmd",
    "./hosts",
    "./hpc-ha/firewall.nft",
    "./munge/munge.key",
    "./slurm/epilog",
    "./slurm/prolog",
    "./systemd/system/hpc-ha-firewall.service",
    "./systemd/system/slurmd.service",
  ]);
});

it("its firewall keeps strangers from slurmd, and nobody from the rest", async () => {
  // This host is none of the cluster's machines.
  const open = (port: number) =>
    execa("timeout", ["2", "bash", "-c", `</dev/tcp/${bySsh.address}/${port}`], { reject: false });
  expect((await open(22)).exitCode).toBe(0);
  expect((await open(6818)).exitCode).not.toBe(0);
});

it("a machine on which the kit was run is a node too, and jobs may run on both", async () => {
  expect((await hpc("node-kit", kit)).code).toBe(0);
  expect(await byKit.run("sh -s", readFileSync(kit, "utf8"))).toMatch(
    /^other1 is a node of cluster/,
  );
  expect(await client("srun --nodelist=guest1,other1 --time=1 hostname | sort")).toBe(
    "guest1\nother1",
  );
});

it("what was changed there by hand is put right, and a running job goes on", async () => {
  job = await client("sbatch --parsable --output=/dev/null --nodelist=guest1 --wrap 'sleep 900'");
  const look = () =>
    client(`scontrol show job ${job} | grep -oE '(JobState|Restarts|StartTime)=\\S+'`);
  await eventually("the job runs", 20, async () => (await look()).includes("JobState=RUNNING"));
  const running = await look();
  await bySsh.run("echo '# mine' >>/etc/default/slurmd; systemctl stop munge");
  await stack.run("up", "--refresh");
  expect(
    await bySsh.run("grep -c mine /etc/default/slurmd; systemctl is-active munge slurmd; true"),
  ).toBe("0\nactive\nactive");
  expect(await look()).toBe(running);
});

it("a machine that is away, and one with another host key, keep nobody from anything", async () => {
  const publicKey = readFileSync(`${key.file}.pub`, "utf8").trim();
  const away = group("away", bySsh.address.replace(/\d+$/, "242"), ssh("away"));
  await configureNodes(...both(), away);
  expect(await passing()).toMatch(/nobody got to these machines[^]*away1: /);
  await configureNodes(group("guest", bySsh.address, ssh("guest", publicKey)), both()[1] ?? {});
  expect(await failing()).toMatch(
    /guest1: it has not the host key that slurm.nodeGroups.1.ssh says/,
  );
  expect(await state("guest1")).toBe("mixed");
  await configureNodes(...both());
  await stack.run("up");
});

it("a machine with a job does not leave, and one without does, with all that was brought", async () => {
  await configureNodes(both()[1] ?? {});
  expect(await failing()).toMatch(
    new RegExp(`jobs run on nodes that leave or change: ${job} \\(guest1\\)`),
  );
  expect(await bySsh.run("systemctl is-active slurmd")).toBe("active");
  await on(outputs, "client", `scancel ${job}`);
  await stack.run("up");
  expect(await bySsh.run(ETC)).toBe(before);
  expect(
    await bySsh.run(
      "systemctl is-active slurmd; nft list table inet hpc_ha 2>&1; ls /var/lib/hpc-ha; true",
    ),
  ).toMatch(/^inactive\nError: No such file/);
  // What nobody but its owner has configured is left to him.
  expect(await state("other1")).toBe("idle");
});
