/**
 * Machines of the owner's as nodes: one that the program gets to by ssh as root, one that somebody has run the kit on, and one
 * with a user who is not root, without slurmd, behind ufw and then firewalld.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import { type Guest, guest, type GuestKey, guestKey } from "../../support/guest";
import { hpc } from "../../support/hpc";
import { configureNodes, failing, group, passing } from "../../support/ownNodes";
import { bringPackages } from "../../support/packages";
import { ask, baseState, configure, eventually, on, stack } from "../../support/site";

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-kit-"));
const kit = path.join(directory, "kit");
let outputs: StackOutputs;
let key: GuestKey;
let bySsh: Guest;
let byKit: Guest;
let bySudo: Guest;
/** Files of guest1's /etc with their hashes, as its owner had them. */
let before = "";
let job = "";

/** What the cluster's machines write of themselves is no change: hosts of systemd, and backups of its databases. */
const ETC = "cd /etc && find . -type f ! -name '*-' -exec sha256sum {} + | sort -k 2";
const client = (command: string) => ask(outputs, "client", command).then((r) => r.stdout.trim());
const state = (name: string) => client(`sinfo -h -n ${name} -o %T | sort -u`);
const files = (text: string) =>
  new Map(text.split("\n").map((line) => [line.slice(66), line.slice(0, 64)] as const));

const ssh = (name: string, hostKey = bySsh.hostKey) => ({
  ssh: { hostKeys: { [`${name}1`]: hostKey } },
});

const configureAll = (...groups: object[]) => configureNodes(key, ...groups);
const both = () => [group("guest", bySsh.address, ssh("guest")), group("other", byKit.address)];

beforeAll(async () => {
  outputs = await baseState();
  key = guestKey();
  [bySsh, byKit, bySudo] = await Promise.all([
    guest("guest1", 240, key),
    guest("other1", 241, key),
    guest("own1", 243, key),
  ]);
  // Its first boot writes some of it.
  before = await bySsh.run(`systemctl is-system-running --wait >/dev/null; ${ETC}`);
  await configureAll(...both());
  await stack.run("up");
});
afterAll(async () => {
  await ask(outputs, "client", "scancel --user=root").catch(() => undefined);
  configure();
  await stack.run("up");
  await Promise.all([bySsh, byKit, bySudo].map((machine) => machine.remove()));
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
  await configureAll(...both(), away);
  expect(await passing()).toMatch(/nobody got to these machines[^]*away1: /);
  await configureAll(group("guest", bySsh.address, ssh("guest", publicKey)), both()[1] ?? {});
  expect(await failing()).toMatch(
    /guest1: it has not the host key that slurm.nodeGroups.1.ssh says/,
  );
  expect(await state("guest1")).toBe("mixed");
  await configureAll(...both());
  await stack.run("up");
});

it("a machine with a job does not leave, and one without does, with all that was brought", async () => {
  await configureAll(both()[1] ?? {});
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

describe("a machine whose user is not root", () => {
  const own = (more: object = {}) =>
    group("own", bySudo.address, {
      ssh: { hostKeys: { own1: bySudo.hostKey }, user: "admin", ...more },
    });
  const slurmdSince = () => bySudo.run("systemctl show -P ActiveEnterTimestampMonotonic slurmd");

  beforeAll(async () => {
    await bySudo.run("systemctl is-system-running --wait; apt-get purge -y -q slurmd");
    await bringPackages(bySudo, "sudo", "ufw", "firewalld", "slurmd");
    await bySudo.run(
      "apt-get install -y -q --no-install-recommends sudo ufw && useradd -m -p '*' -s /bin/sh admin && " +
        "cp -r /root/.ssh /home/admin && chown -R admin: /home/admin/.ssh && " +
        "ufw allow 22/tcp && ufw --force enable",
    );
  });

  it("is refused while he may not use sudo, and while it lacks packages; nothing is done there", async () => {
    const etc = await bySudo.run(ETC);
    await configureAll(own());
    expect(await failing()).toMatch(
      /own1: admin may not become root there without a password \(slurm.nodeGroups.1.ssh.user\): sudo: /,
    );
    await bySudo.run(
      "echo 'admin ALL=(root) NOPASSWD: /usr/bin/sh -s, /usr/bin/sh -s *' >/etc/sudoers.d/hpc",
    );
    expect(await failing()).toMatch(
      /own1: it lacks packages. There as root: apt-get install .* slurmd libpmix2; or slurm.nodeGroups.1.ssh.installPackages/,
    );
    await bySudo.run("rm /etc/sudoers.d/hpc");
    expect(await bySudo.run(`${ETC}; ls /var/lib/hpc-ha 2>/dev/null; true`)).toBe(etc);
    await bySudo.run(
      "echo 'admin ALL=(root) NOPASSWD: /usr/bin/sh -s, /usr/bin/sh -s *' >/etc/sudoers.d/hpc",
    );
  });

  it("gets the cluster's slurmd where the config says so, and runs jobs behind ufw", async () => {
    await configureAll(own({ installPackages: true }));
    await stack.run("up");
    expect(await client("srun --nodelist=own1 --time=1 hostname")).toBe("own1");
    const rules = await bySudo.run("ufw show added");
    expect(rules).toContain("ufw allow 22/tcp");
    expect(rules).toMatch(/^ufw allow from \S+ to any port 6818 proto tcp comment 'hpc-ha'$/m);
  });

  it("has its slurmd restarted, and never under a job", async () => {
    const before = await slurmdSince();
    const id = await client("sbatch --parsable -o /dev/null --nodelist=own1 --wrap 'sleep 900'");
    await eventually("the job runs", 20, async () => (await state("own1")) === "mixed");
    const stopped = await hpc("restart", "externalNodes");
    expect(stopped.code).toBe(3);
    expect(stopped.said).toContain(`own1: it drains, and these jobs run on it: ${id}.`);
    expect([await state("own1"), await slurmdSince()]).toEqual(["draining", before]);
    await client(`scancel ${id}`);
    await eventually("the job ends", 60, async () => (await state("own1")) === "drained");
    expect((await hpc("restart", "externalNodes")).code).toBe(0);
    expect(await state("own1")).toBe("idle");
    expect(await slurmdSince()).not.toBe(before);
  });

  it("whose firewall is firewalld by now lets the cluster in there, until it leaves", async () => {
    const rich = async () => {
      const list = "firewall-cmd --list-rich-rules; firewall-cmd --permanent --list-rich-rules";
      return (await bySudo.run(list))
        .split("\n")
        .filter((line) => line !== "")
        .sort();
    };
    await bySudo.run(
      "ufw --force disable && apt-get install -y -q --no-install-recommends firewalld && " +
        "systemctl enable -q --now firewalld && firewall-cmd --state",
    );
    await stack.run("up", "--refresh");
    expect(await bySudo.run("ufw show added")).not.toContain("hpc-ha");
    const rules = await rich();
    expect(rules.length / 2).toBe(new Set(rules).size);
    expect(rules.join()).toContain('port port="6818" protocol="tcp" accept');
    expect(await client("srun --nodelist=own1 --time=1 hostname")).toBe("own1");
    // As many rules, in the same words: nothing is left to do.
    expect(await passing()).not.toMatch(/nodes of the owner's: to be changed/);
    await stack.run("up", "--refresh");
    expect(await rich()).toEqual(rules);
    await configureAll(both()[1] ?? {});
    await stack.run("up");
    expect(await rich()).toEqual([]);
    expect(await bySudo.run("systemctl is-active slurmd; ls /var/lib/hpc-ha 2>&1; true")).toMatch(
      /^inactive\n.*No such file/,
    );
  });
});
