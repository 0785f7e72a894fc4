import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { askCluster, foreignNodes, nodeKit } from "../../components/controllers/nodeKit";
import { Commands } from "../support/program";

const CONFIG = `ClusterName=hpc
SlurmctldHost=slurm-m1,slurm-m2(192.0.2.100)
SlurmctldPort=6817
SlurmdPort=6818
NodeName=compute1 NodeAddr=192.0.2.161 CPUs=4 State=UNKNOWN
NodeName=gpu[01-02] NodeAddr=10.2.0.[1-2] CPUs=32 State=UNKNOWN
`;
const facts = {
  identity: "hpc 0a1b",
  mungeKey: Buffer.from("the munge key").toString("base64"),
  config: CONFIG,
  version: "22.05",
};
const outputs = {
  addresses: {
    controllers: { "slurm-m1": "192.0.2.10", "slurm-m2": "192.0.2.11" },
    compute: { compute1: "192.0.2.161" },
    web: { web1: "192.0.2.21" },
  },
  vips: { slurm: "192.0.2.100", web: "", data: "" },
};

describe("the kit", () => {
  it("is made of what a controller says", async () => {
    const said = (part: string, text: string) => `\n==> ${part}\n${text}\n`;
    const asked: string[] = [];
    const machines = {
      names: () => ["slurm-m1", "slurm-m2"],
      ask: (name: string, command: string) => {
        asked.push(`${name}: ${command}`);
        if (name === "slurm-m1") return Promise.resolve(undefined);
        return Promise.resolve(
          said("identity", facts.identity) +
            said("mungeKey", facts.mungeKey) +
            said("config", CONFIG) +
            said("version", "slurm-wlm 22.05.8"),
        );
      },
    };
    const cluster = await askCluster({ machines });
    expect(cluster).toEqual({ ...facts, config: CONFIG.trim() });
    expect(asked.at(-1)).toMatch(/^slurm-m2: .*base64 -w 0 \/etc\/munge/);
  });

  it("is for machines that were not made here, and there must be some", () => {
    expect(foreignNodes(CONFIG, ["compute1"])).toEqual([
      { name: "gpu01", address: "10.2.0.1" },
      { name: "gpu02", address: "10.2.0.2" },
    ]);
    const config = CONFIG.replace(/^NodeName=gpu.*\n/m, "");
    expect(() => nodeKit({ ...facts, config }, outputs)).toThrow(/no machines of its owner's/);
  });
});

describe("a machine that it is run on", () => {
  const commands = new Commands();
  afterAll(commands.remove);
  const root = commands.path("root");
  const file = (name: string) => path.join(root, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const told = () => readFileSync(commands.path("told"), "utf8");
  const run = (kit = nodeKit(facts, outputs)) =>
    execa("sh", ["-s", root], {
      input: kit,
      env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
      reject: false,
    });

  beforeEach(() => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(file("etc"), { recursive: true });
    writeFileSync(file("etc/hosts"), "127.0.0.1 localhost\n");
    commands.set("hostname", "echo gpu02");
    commands.set("ip", "echo '2: eth0    inet 10.2.0.2/24 scope global eth0'");
    commands.set("slurmd", "echo slurm-wlm 22.05.3");
    commands.set("munged", "");
    commands.set("chown", `echo chown "$@" >>${commands.path("told")}`);
    commands.set("systemctl", `echo "$@" >>${commands.path("told")}`);
    commands.set("sinfo", "echo idle");
    writeFileSync(commands.path("told"), "");
  });

  it("becomes a node, once", async () => {
    const first = await run();
    expect([first.exitCode, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toBe("gpu02 is a node of cluster hpc: 7 files changed");
    expect(read("etc/munge/munge.key")).toBe("the munge key");
    expect(statSync(file("etc/munge/munge.key")).mode & 0o777).toBe(0o400);
    expect(told()).toMatch(/chown munge:munge .*\n(.*\n)*restart munge\nrestart slurmd\n/);
    expect(read("etc/default/slurmd")).toContain("-N gpu02 --conf-server 192.0.2.100:6817");
    expect(read("etc/hosts")).toBe(
      "127.0.0.1 localhost\n# BEGIN cluster hpc\n192.0.2.10 slurm-m1\n192.0.2.11 slurm-m2\n" +
        "192.0.2.161 compute1\n10.2.0.1 gpu01\n# END cluster hpc\n",
    );
    expect(read("etc/systemd/system/slurmd.service")).toContain("ExecStart=/usr/sbin/slurmd");
    writeFileSync(commands.path("told"), "");
    expect((await run()).stdout).toBe("gpu02 is a node of cluster hpc: 0 files changed");
    expect(told()).not.toContain("restart");
  });

  it("starts nothing again for a new machine of the cluster", async () => {
    await run();
    writeFileSync(commands.path("told"), "");
    const config = CONFIG.replace(
      "gpu[01-02] NodeAddr=10.2.0.[1-2]",
      "gpu[01-03] NodeAddr=10.2.0.[1-3]",
    );
    const { stdout } = await run(nodeKit({ ...facts, config }, outputs));
    expect(stdout).toBe("gpu02 is a node of cluster hpc: 1 files changed");
    expect(read("etc/hosts")).toContain("10.2.0.3 gpu03");
    expect(told()).not.toContain("restart");
  });

  it("starts again what a run that was cut off has not", async () => {
    commands.set("systemctl", "exit 1");
    expect((await run()).exitCode).toBe(1);
    commands.set("systemctl", `echo "$@" >>${commands.path("told")}`);
    expect((await run()).stdout).toBe("gpu02 is a node of cluster hpc: 0 files changed");
    expect(told()).toMatch(/restart munge\nrestart slurmd\n/);
  });

  it.each([
    [
      "is none of the cluster's",
      () => commands.set("hostname", "echo web1"),
      /^web1 is no machine/,
    ],
    [
      "has another address",
      () => commands.set("ip", "echo inet 10.2.0.20/24"),
      /knows gpu02 by 10.2.0.2,/,
    ],
    [
      "has another Slurm",
      () => commands.set("slurmd", "echo slurm 24.11.5"),
      /of Slurm 24.11, and/,
    ],
    [
      "is another cluster's",
      () => {
        mkdirSync(file("var/lib/hpc-ha"), { recursive: true });
        writeFileSync(file("var/lib/hpc-ha/cluster"), "hpc ffff\n");
      },
      /^this machine is of cluster hpc ffff, and this is for hpc 0a1b: to move it remove/,
    ],
    [
      "asks another controller",
      () => {
        mkdirSync(file("etc/default"), { recursive: true });
        writeFileSync(file("etc/default/slurmd"), 'SLURMD_OPTIONS="--conf-server 10.9.9.9:6817"\n');
      },
      /asks 10.9.9.9:6817: it is of another cluster/,
    ],
    [
      "has a slurm.conf",
      () => {
        mkdirSync(file("etc/slurm"), { recursive: true });
        writeFileSync(file("etc/slurm/slurm.conf"), "");
      },
      /^there is a slurm.conf/,
    ],
  ])("is left alone when it %s", async (_, is, message) => {
    is();
    const { exitCode, stderr } = await run();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).toMatch(/Nothing was changed\.$/);
    expect(existsSync(file("etc/munge"))).toBe(false);
    expect(told()).toBe("");
  });

  it("needs the owner's prolog where the cluster has one", async () => {
    const config = `${CONFIG}Prolog=/etc/slurm/prolog*\n`;
    const kit = nodeKit({ ...facts, config }, outputs);
    expect((await run(kit)).stderr).toMatch(/has a prolog: bring it as \/etc\/slurm\/prolog-site/);
    mkdirSync(file("etc/slurm"), { recursive: true });
    writeFileSync(file("etc/slurm/prolog-site"), "");
    chmodSync(file("etc/slurm/prolog-site"), 0o755);
    expect((await run(kit)).exitCode).toBe(0);
  });

  it("says what must be let in when the cluster does not count on it", async () => {
    commands.set("sinfo", "echo 'unknown*'");
    commands.set("sleep", "");
    const { exitCode, stderr } = await run();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/unknown\*.*port 6818 from/)]);
  });
});
