/** Machines of the owner's that are made nodes by ssh: the programs that run there, in a directory, and who decides. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { joinNodes, leaveNodes } from "../../components/externalNodes/nodes";
import { joinProgram, leaveProgram } from "../../components/externalNodes/programs";
import { planOf, type State } from "../../components/externalNodes/plan";
import {
  commandFor,
  meaning,
  type Reach,
  type Said,
  whole,
} from "../../components/externalNodes/reach";
import type { ReachedHost } from "../../components/slurm/nodeSsh";
import { Commands } from "../support/program";

const CONFIG = `ClusterName=hpc
SlurmctldPort=6817
SlurmdPort=6818
Prolog=/etc/slurm/prolog*
NodeName=compute1 NodeAddr=192.0.2.161 CPUs=4 State=UNKNOWN
NodeName=gpu[01-02] NodeAddr=10.2.0.[1-2] CPUs=32 State=UNKNOWN
`;
const facts = {
  identity: "hpc 0a1b",
  mungeKey: Buffer.from("the munge key").toString("base64"),
  config: CONFIG,
  version: "22.05",
};
const told = {
  site: {
    addresses: {
      controllers: { "slurm-m1": "192.0.2.10" },
      compute: { compute1: "192.0.2.161" },
      login: { client: "192.0.2.190" },
    },
    vips: { slurm: "192.0.2.100", web: "", data: "" },
  },
  scripts: { Prolog: Buffer.from("#!/bin/sh\necho ours\n").toString("base64") },
  read: ["proctrack/cgroup task/cgroup", "gres.conf: 1234"],
};

describe("on a machine", () => {
  const commands = new Commands();
  afterAll(commands.remove);
  const root = commands.path("root");
  const file = (name: string) => path.join(root, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  const said = () => readFileSync(commands.path("said"), "utf8");
  const log = (name: string, more = "") =>
    commands.set(name, `echo ${name} "$@" >>${commands.path("said")}\n${more}`);
  const sh = (input: string, ...words: string[]) =>
    execa("/bin/sh", ["-s", ...words, root], {
      input,
      env: { PATH: `${commands.path("bin")}:/usr/bin:/bin` },
      reject: false,
    });
  const gpu02 = { name: "gpu02", at: "slurm.nodeGroups.1.ssh" };
  const join = (...words: string[]) => sh(joinProgram(facts, told)(gpu02), ...words);
  /** As join, where packages may be installed. */
  const joinAnyhow = (...words: string[]) =>
    sh(joinProgram(facts, told)({ ...gpu02, installPackages: true }), ...words);
  const leave = (identity = facts.identity) => sh(leaveProgram("hpc", identity));
  const all = async () => (await execa("find", [root, "-type", "f", "-o", "-type", "l"])).stdout;

  beforeEach(() => {
    for (const name of ["root", "bin", "said"]) {
      rmSync(commands.path(name), { recursive: true, force: true });
    }
    mkdirSync(commands.path("bin"));
    put("etc/hosts", "127.0.0.1 localhost\n");
    put("etc/os-release", 'ID=debian\nPRETTY_NAME="Debian 12"\n');
    put("etc/munge/munge.key", "the owner's key");
    put("etc/default/slurmd", "# Debian's\n");
    commands.set("hostname", "echo gpu02");
    commands.set("ip", "echo '2: eth0    inet 10.2.0.2/24 scope global eth0'");
    commands.set("slurmd", "echo slurm-wlm 22.05.3");
    commands.set("sinfo", "echo idle");
    for (const name of ["munged", "chown", "nft"]) commands.set(name, "");
    log("systemctl");
  });

  it("munge's key is in no file but its own while it is looked at, and on no command line", async () => {
    const seen = commands.path("seen");
    log("mktemp", `exec /usr/bin/mktemp "$@"`);
    for (const name of ["cmp", "base64"]) {
      log(name, `exec /usr/bin/${name} "$@"`);
    }
    await join("check");
    expect(said()).not.toContain(facts.mungeKey);
    expect(said().match(/^mktemp.*$/gm)).toEqual(["mktemp"]);
    rmSync(commands.path("said"));
    commands.set(
      "chown",
      `stat -c '%a' "$2" >>${seen}\necho chown "$@" >>${commands.path("said")}`,
    );
    await join();
    expect(said()).not.toContain(facts.mungeKey);
    expect(new Set(readFileSync(seen, "utf8").trim().split("\n"))).toEqual(new Set(["600"]));
  });

  it("a look says what would change, and changes nothing", async () => {
    const before = await all();
    const { exitCode, stdout } = await join("check");
    expect([exitCode, stdout.split("\n")]).toEqual([
      0,
      [
        "new",
        "/etc/munge/munge.key",
        "/etc/hosts",
        "/etc/slurm/prolog",
        "/etc/slurm/prolog-site",
        "/etc/slurm/epilog",
        "/etc/default/slurmd",
        "/etc/systemd/system/slurmd.service",
        "/etc/hpc-ha/firewall.nft",
        "/etc/systemd/system/hpc-ha-firewall.service",
      ],
    ]);
    expect(await all()).toBe(before);
    expect(read("etc/hosts")).toBe("127.0.0.1 localhost\n");
    expect(said()).not.toMatch(/start|enable|reload/);
  });

  it("it becomes a node with the owner's scripts and a firewall for slurmd, and then nothing is left to do", async () => {
    const { exitCode, stderr } = await join();
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(read("etc/slurm/prolog-site")).toBe("#!/bin/sh\necho ours\n");
    expect(read("etc/default/slurmd")).toBe(
      "# proctrack/cgroup task/cgroup\n# gres.conf: 1234\n" +
        'SLURMD_MOUNTS=""\nSLURMD_OPTIONS="-N gpu02 --conf-server 192.0.2.100:6817"\n',
    );
    expect(read("etc/hpc-ha/firewall.nft")).toContain(
      "tcp dport 6818 ip saddr { 192.0.2.10, 192.0.2.190, 192.0.2.161, 10.2.0.1, 10.2.0.2 } accept",
    );
    expect(said()).toMatch(/restart hpc-ha-firewall\n(.*\n)*systemctl restart slurmd\n/);
    expect(statSync(file("var/lib/hpc-ha/before")).mode & 0o777).toBe(0o700);
    expect((await join("check")).stdout).toBe("");
    commands.set("systemctl", "[ $1 != -q ] || [ $3 != slurmd ]");
    commands.set("nft", "[ $1 != list ]");
    expect((await join("check")).stdout).toBe(
      "its rules of the firewall are not loaded\nslurmd is not active",
    );
  });

  it("it has what it had before when it leaves, and its other files are not touched", async () => {
    const before = await all();
    await join();
    expect(read("etc/munge/munge.key")).toBe("the munge key");
    put("etc/hosts", `${read("etc/hosts")}10.9.9.9 other\n`);
    const { stdout, stderr } = await leave();
    expect([stdout, stderr]).toEqual(["left the cluster", ""]);
    expect(await all()).toBe(before);
    expect(read("etc/munge/munge.key")).toBe("the owner's key");
    expect(read("etc/default/slurmd")).toBe("# Debian's\n");
    expect(read("etc/hosts")).toBe("127.0.0.1 localhost\n10.9.9.9 other\n");
    expect(existsSync(file("var/lib/hpc-ha"))).toBe(false);
    expect(said()).toMatch(/-q disable --now slurmd\n(.*\n)*.*try-restart munge/);
    expect((await leave()).stdout).toBe("nothing of the cluster is here");
  });

  it("it is left alone when it is another cluster's by now", async () => {
    await join();
    const before = await all();
    expect((await leave("hpc ffff")).stdout).toMatch(/is of cluster hpc 0a1b by now/);
    expect(await all()).toBe(before);
  });

  describe("that lacks packages", () => {
    const policy = (version: string) =>
      commands.set("apt-cache", `printf 'slurmd:\\n  Candidate: ${version}\\n'`);
    beforeEach(() => {
      rmSync(commands.path("bin", "slurmd"));
      log("apt-get");
      policy("22.05.8-4+deb12u2");
    });

    it("is refused with the command, where nobody allowed more", async () => {
      const { exitCode, stderr } = await join();
      expect([exitCode, stderr]).toEqual([
        1,
        "it lacks packages. There as root: apt-get install --no-install-recommends slurmd libpmix2; " +
          "or slurm.nodeGroups.1.ssh.installPackages: true. Nothing was changed.",
      ]);
      expect(existsSync(commands.path("said"))).toBe(false);
      expect(existsSync(file("var/lib/hpc-ha"))).toBe(false);
    });

    it("gets those of the cluster's Slurm, and no others", async () => {
      policy("23.11.4-1.2ubuntu5");
      const refused = await joinAnyhow();
      expect(refused.stderr).toMatch(/slurmd is of Slurm 23.11, and cluster hpc of 22.05. Nothing/);
      expect(said()).toBe("apt-get update -q\n");
      policy("22.05.8-4+deb12u2");
      rmSync(commands.path("said"));
      expect((await joinAnyhow("check")).stdout).toContain("new\n");
      expect(said()).not.toContain("apt-get");
      await joinAnyhow();
      expect(said()).toMatch(
        /^apt-get update -q\napt-get install --no-install-recommends -y -q slurmd libpmix2\n/m,
      );
    });

    it("and whose sources have no Slurm is refused, once its lists were read anew", async () => {
      policy("(none)");
      expect((await join("check")).stderr).toMatch(/package sources have none: install munge, /);
      expect(existsSync(commands.path("said"))).toBe(false);
      expect((await joinAnyhow("check")).stderr).toMatch(/package sources have none/);
      expect(said()).toBe("apt-get update -q\n");
    });

    it("and is like RHEL has them from dnf, by their names there", async () => {
      put(
        "etc/os-release",
        'ID=rocky\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9"\n',
      );
      log("dnf", `[ "$2" != repoquery ] || echo 22.05.9`);
      expect((await join()).stderr).toMatch(/There as root: dnf install slurm-slurmd; or slurm/);
      await joinAnyhow();
      expect(said()).toMatch(/^dnf install -y -q slurm-slurmd$/m);
      expect(said()).not.toContain("apt-get");
      rmSync(commands.path("said"));
      rmSync(file("var"), { recursive: true });
      log("dnf", `[ "$2" != repoquery ] || echo 20.11.9`);
      expect((await joinAnyhow()).stderr).toMatch(/slurmd is of Slurm 20.11, and cluster hpc of/);
      expect(said()).not.toContain("install");
    });
  });

  it.each([
    [
      "another system",
      () => put("etc/os-release", 'ID=sles\nID_LIKE="suse"\nPRETTY_NAME="SLES 15"\n'),
      /^this is SLES 15, and by ssh nodes are made of Debian, Ubuntu and what is like RHEL: npx hpc/,
    ],
    [
      "another name",
      () => commands.set("hostname", "echo gpu01"),
      /^this machine calls itself gpu01, and the config has gpu02/,
    ],
  ])("with %s it is refused", async (_, is, message) => {
    is();
    const { exitCode, stderr } = await join();
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(existsSync(file("var/lib/hpc-ha"))).toBe(false);
  });

  /** ufw as far as it is asked; its rules are in a file. */
  const ufw = () => {
    put("rules", "ufw allow 22/tcp\nufw allow from 10.2.0.9 comment 'hpc-ha'\n");
    log(
      "ufw",
      `case "$*" in status) echo 'Status: active' ;; "show added") cat ${file("rules")} ;; esac`,
    );
  };

  it("whose firewall is ufw gets rules there, with a mark by which they go again", async () => {
    ufw();
    expect((await join("check")).stdout).toContain("rules of ufw");
    await join();
    expect(said()).toContain("ufw delete allow from 10.2.0.9\n");
    expect(said()).toContain(
      "ufw allow from 192.0.2.10 to any port 6818 proto tcp comment hpc-ha\n",
    );
    expect(said()).toContain("ufw allow from 10.2.0.1 comment hpc-ha\n");
    expect(existsSync(file("etc/hpc-ha"))).toBe(false);
    await leave();
    expect(said()).not.toContain("ufw delete allow 22/tcp");
  });

  it("whose firewall is another by now is told there, and not where it was told before", async () => {
    await join();
    expect(existsSync(file("etc/hpc-ha/firewall.nft"))).toBe(true);
    ufw();
    expect((await join("check")).stdout).toMatch(/^its firewall is ufw by now, and was nft$/m);
    await join();
    expect(said()).toMatch(/-q disable --now hpc-ha-firewall\n(.*\n)*ufw allow from 10.2.0.1 c/);
    expect(existsSync(file("etc/hpc-ha/firewall.nft"))).toBe(false);
    expect((await join("check")).stdout).not.toContain("by now");
  });

  describe("whose firewall is firewalld", () => {
    const OWN = 'rule family="ipv4" source address="10.2.0.1" service name="ssh" accept';
    const OTHERS = 'rule family="ipv4" source address="10.2.0.1" accept';
    const SLURMD =
      'rule family="ipv4" source address="192.0.2.10" port port="6818" protocol="tcp" accept';
    /** Rules of a zone, in force and for good. */
    const rules = (zone = "public") =>
      ["now", "kept"].map((how) =>
        existsSync(file(`${how}.${zone}`)) ? read(`${how}.${zone}`).trim().split("\n") : [],
      );
    beforeEach(() => {
      for (const how of ["now", "kept"]) put(`${how}.public`, `${OWN}\n`);
      log(
        "firewall-cmd",
        `how=now zone=
        for word; do
          case $word in
          --permanent) how=kept ;;
          --zone=*) zone=${file("$how")}.\${word#*=} ;;
          --get-active-zones) printf 'internal (default)\\n  sources: 10.2.0.0/16\\npublic\\n  interfaces: eth0\\n' ;;
          --get-default-zone) echo public ;;
          --get-zones) echo internal public ;;
          --list-rich-rules) cat $zone 2>/dev/null || true ;;
          --add-rich-rule=*) echo "\${word#*=}" >>$zone ;;
          --remove-rich-rule=*) { grep -vxF -e "\${word#*=}" $zone || true; } >$zone.new; mv $zone.new $zone ;;
          esac
        done`,
      );
    });

    it("gets rules there in each zone that is used, at once and for good, and once", async () => {
      expect((await join("check")).stdout).toMatch(/^rules of firewalld$/m);
      expect(rules()).toEqual([[OWN], [OWN]]);
      const { exitCode, stderr } = await join();
      expect([exitCode, stderr]).toEqual([0, ""]);
      const [now, kept] = rules();
      expect(now).toEqual(kept);
      expect(now).toHaveLength(6);
      expect(now).toEqual(expect.arrayContaining([OWN, OTHERS, SLURMD]));
      expect(rules("internal")[0]).toHaveLength(5);
      expect(existsSync(file("etc/hpc-ha/firewall.nft"))).toBe(false);
      expect((await join("check")).stdout).toBe("");
      const before = said();
      await join();
      expect(said().slice(before.length)).not.toMatch(/rich-rule=/);
      expect(said()).not.toContain("--reload");
    });

    it("gets back what somebody took away, and loses what it need not let in any more", async () => {
      await join();
      put("now.public", `${OWN}\n`);
      expect((await join("check")).stdout).toBe("rules of firewalld");
      const config = CONFIG.replace("gpu[01-02] NodeAddr=10.2.0.[1-2]", "gpu02 NodeAddr=10.2.0.2");
      await sh(joinProgram({ ...facts, config }, told)(gpu02));
      for (const list of rules()) {
        expect(list).toContain(SLURMD);
        expect(list).not.toContain(OTHERS);
      }
    });

    it("has its owner's rules alone when it leaves", async () => {
      await join();
      expect((await leave()).stderr).toBe("");
      expect(rules()).toEqual([[OWN], [OWN]]);
      expect(rules("internal")).toEqual([[""], [""]]);
      expect(existsSync(file("etc/hpc-ha"))).toBe(false);
      expect(existsSync(file("var/lib/hpc-ha"))).toBe(false);
    });
  });
});

const host = (name: string, more: Partial<ReachedHost> = {}): ReachedHost => ({
  ...{ name, address: `10.2.0.${Number(name.slice(-1))}`, at: "slurm.nodeGroups.1.ssh" },
  ...{ user: "admin", port: 22, hostKey: "ssh-ed25519 AAAA", ...more },
});
const [gpu1, gpu2, gpu3, gpu4] = [host("gpu1"), host("gpu2"), host("gpu3"), host("gpu4")];

describe("how a machine is reached", () => {
  it("is with its own key and the host key of the config, and what it is told is not on the command line", () => {
    const words = commandFor(host("gpu1", { port: 2222 }), "/k", ["check"]);
    expect(words).toContain("KnownHostsCommand=/bin/echo [10.2.0.1]:2222 ssh-ed25519 AAAA");
    expect(words.join(" ")).toMatch(/ -p 2222 .*-i \/k|-i \/k .* -p 2222 /);
    expect(words.slice(-2)).toEqual(["admin@10.2.0.1", "sudo -n sh -s check"]);
    const root = commandFor(
      host("gpu1", { user: "root", hostKey: undefined, knownHostsFile: "/hosts" }),
      "/k",
      [],
    );
    expect(root).toContain("UserKnownHostsFile=/hosts");
    expect(root.at(-1)).toBe("sh -s");
  });

  const ended = (exitCode: number, stderr: string, stdout = "") => ({
    ...{ exitCode, stderr, stdout, timedOut: false },
  });
  const ROOT = "Welcome\nhpc-ha: root\n";
  it.each([
    ["away", 255, "ssh: connect to host 10.2.0.1 port 22: No route to host", /No route/],
    ["away", 255, "Connection to 10.2.0.1 closed by remote host.", /closed/],
    [
      "refused",
      255,
      "No ED25519 host key is known for 10.2.0.1 and you have requested strict checking.\nHost key verification failed.",
      /not the host key that slurm.nodeGroups.1.ssh says/,
    ],
    ["refused", 255, "admin@10.2.0.1: Permission denied (publickey).", /does not let admin in/],
    [
      "refused",
      1,
      "sudo: a password is required",
      /^admin may not become root there without a password \(slurm.nodeGroups.1.ssh.user\): sudo: a p/,
    ],
    [
      "refused",
      1,
      "Sorry, user admin is not allowed to execute '/usr/bin/sh -s'",
      /may not become/,
    ],
    ["refused", 127, "sh: 1: sudo: not found", /may not become root there .*sudo: not found$/],
    ["refused", 0, "", /may not become root there .*it failed \(0\)$/],
  ])("is %s where ssh ends with %i: %s", (kind, code, stderr, why) => {
    const said = meaning(gpu1, ended(code, stderr));
    expect(said.kind).toBe(kind);
    expect("why" in said && said.why).toMatch(why);
  });

  it("is as the program said where it ran, whatever its shell and sudo say besides", () => {
    const warning = "sudo: unable to resolve host gpu1: Name or service not known\n";
    expect(meaning(gpu1, ended(1, `${warning}slurmd is of Slurm 24.11`, ROOT))).toEqual({
      kind: "refused",
      why: "slurmd is of Slurm 24.11",
    });
    expect(meaning(gpu1, ended(0, warning, `${ROOT}new\n/etc/hosts\n`))).toEqual({
      kind: "done",
      lines: ["new", "/etc/hosts"],
    });
  });

  it("does nothing of what came by halves, and gives no command the rest as its input", async () => {
    const sh = (text: string) =>
      execa("/bin/sh", ["-s", "check"], { input: `id() { echo 0; }\n${text}`, reject: false });
    const program = whole('cat\necho "$@"');
    expect(await sh(program)).toMatchObject({ exitCode: 0, stdout: "hpc-ha: root\ncheck" });
    const half = await sh(program.slice(0, -3));
    expect([half.exitCode === 0, half.stdout]).toEqual([false, ""]);
  });
});

describe("making machines nodes", () => {
  type Answer = Said | string[];
  /** What each machine says to a look, and to the work. */
  const world = (
    machines: Record<string, { check: Answer; join?: Answer; state?: string }>,
    interrupted?: AbortSignal,
  ) => {
    const log: string[] = [];
    const joined = new Set<string>();
    const reach: Reach = ({ name }, text, words) => {
      const own = machines[name];
      const look = words.includes("check");
      expect(text).toBe(`program of ${name}`);
      if (!look) {
        log.push(name);
        joined.add(name);
      }
      const said = (look ? own?.check : own?.join) ?? [];
      return Promise.resolve(Array.isArray(said) ? { kind: "done", lines: said } : said);
    };
    const ask = (text: string) => {
      const names = /--nodes=(\S+)/.exec(text)?.[1]?.split(",") ?? [];
      return Promise.resolve(
        names.map((name) => `${name} ${machines[name]?.state ?? "idle"} root none`).join("\n"),
      );
    };
    const run = (hosts: ReachedHost[]) =>
      joinNodes({
        ...{ hosts, reach, ask, progress: () => undefined },
        program: ({ name }) => `program of ${name}`,
        ...(interrupted && { interrupted }),
      });
    return { log, run };
  };
  const away: Said = { kind: "away", why: "No route to host" };
  const refuses = (why: string): Said => ({ kind: "refused", why });

  it("does nothing where nothing is to be done, and what is away or refuses keeps nobody", async () => {
    const { log, run } = world({
      gpu1: { check: away },
      gpu2: { check: refuses("another Slurm") },
      gpu3: { check: [] },
      gpu4: { check: ["new", "/etc/hosts"], state: "unknown*" },
    });
    expect(await run([gpu1, gpu2, gpu3, gpu4])).toEqual({
      done: ["gpu3 10.2.0.3", "gpu4 10.2.0.4"],
      away: { gpu1: "No route to host" },
      refused: { gpu2: "another Slurm" },
    });
    expect(log).toEqual(["gpu4"]);
  });

  it("changes those with jobs by the roll-out: one first, and no further one when that goes wrong", async () => {
    const change = ["/etc/default/slurmd"];
    const { log, run } = world({
      gpu1: { check: change, state: "mixed", join: refuses("does not count on it") },
      gpu2: { check: change },
      gpu3: { check: change, state: "down*" },
    });
    const { done, refused } = await run([gpu1, gpu2, gpu3]);
    expect(log).toEqual(["gpu3", "gpu1"]);
    expect(done).toEqual(["gpu3 10.2.0.3"]);
    expect(refused["gpu1"]).toMatch(/gpu1: does not count on it\n.*not touched/);
  });

  it("is not held up by a machine that is down, nor by one that a person drained", async () => {
    const { log, run } = world({
      gpu1: { check: ["/etc/hosts"], state: "drained" },
      gpu2: { check: ["/etc/hosts"], state: "allocated" },
      gpu3: { check: away, state: "down*" },
    });
    expect((await run([gpu1, gpu2, gpu3])).refused).toEqual({});
    expect(log.sort()).toEqual(["gpu1", "gpu2"]);
  });

  it("begins no further one when it is interrupted", async () => {
    const { log, run } = world({ gpu1: { check: ["/etc/hosts"] } }, AbortSignal.abort());
    expect((await run([gpu1])).refused["gpu1"]).toMatch(/interrupted before anything/);
    expect(log).toEqual([]);
  });

  it("tells who has left, and who could not be got to", async () => {
    const reach: Reach = ({ name }) =>
      Promise.resolve(name === "gpu1" ? { kind: "done", lines: [] } : away);
    expect(await leaveNodes([gpu1, gpu2], "", reach)).toEqual({
      gone: ["gpu1 10.2.0.1"],
      stay: { "gpu2 10.2.0.2": "No route to host" },
    });
  });
});

describe("what is to be done", () => {
  const NOW = Date.parse("2026-11-27T12:00:00Z");
  const request = (hosts: ReachedHost[], there = hosts) =>
    JSON.stringify({ hosts, there: there.map((h) => `${h.name} ${h.address}`), told });
  const state = (hosts: ReachedHost[], more: object = {}): State => ({
    applied: Object.fromEntries(hosts.map((h) => [`${h.name} ${h.address}`, "old"])),
    ...{ tried: [], drift: {}, cluster: "hpc", identity: "", leaving: "{}", controllers: [] },
    request: request(hosts),
    ...more,
  });
  const wanted = (...hosts: [ReachedHost, string][]) =>
    Object.fromEntries(hosts.map(([h, what]) => [`${h.name} ${h.address}`, what]));
  const plan = (
    before: State,
    hosts: [ReachedHost, string][],
    there = hosts.map(([h]) => h),
    now = NOW,
  ) => {
    const list = hosts.map(([h]) => h);
    const { join, leave, handedOver } = planOf(
      before,
      { wanted: wanted(...hosts), request: request(list, there) },
      now,
    );
    return { join: join.map((h) => h.name), leave: Object.keys(leave), handedOver };
  };

  it("is a machine that came, one that is to be another, one that was changed by hand", () => {
    const before = state([gpu1, gpu2, gpu3], { drift: { "gpu3 10.2.0.3": ["/etc/hosts"] } });
    expect(
      plan(before, [
        [gpu1, "old"],
        [gpu2, "new"],
        [gpu3, "old"],
        [gpu4, "new"],
      ]).join,
    ).toEqual(["gpu2", "gpu3", "gpu4"]);
  });

  it("is one that left, by its old address too; one that lost only its ssh stays as it is", () => {
    const moved = { ...gpu1, address: "10.2.0.9" };
    expect(plan(state([gpu1, gpu2]), [[moved, "new"]], [moved, gpu2])).toEqual({
      ...{ join: ["gpu1"], leave: ["gpu1 10.2.0.1"] },
      handedOver: ["gpu2 10.2.0.2"],
    });
  });

  it("is not one that nobody ever got to", () => {
    const before = { ...state([gpu1, gpu2]), applied: {}, tried: ["gpu2 10.2.0.2"] };
    expect(plan(before, []).leave).toEqual(["gpu2 10.2.0.2"]);
  });

  it("is one that left and was away, for 30 days or until it is a node again", () => {
    const leaving = JSON.stringify({
      "gpu1 10.2.0.1": { host: gpu1, since: new Date(NOW).toISOString() },
    });
    const before = state([], { leaving });
    const day = 24 * 3_600_000;
    expect(plan(before, [], [], NOW + 29 * day).leave).toEqual(["gpu1 10.2.0.1"]);
    expect(plan(before, [], [], NOW + 31 * day).leave).toEqual([]);
    expect(plan(before, [[gpu1, "new"]]).leave).toEqual([]);
  });
});
