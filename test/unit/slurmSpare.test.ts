import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const share = commands.path("share");
const program = path.join(projectRoot, "ansible/roles/controllers/files/slurm-spare");
const PATH = `${commands.path("bin")}:${process.env["PATH"]}`;
const run = (...args: string[]) =>
  execa("python3", [program, ...args], { env: { PATH }, reject: false });

const node = (name: string, more = "CPUs=4 RealMemory=7750") =>
  `NodeName=${name} NodeAddr=10.0.0.${name.replace(/\D/g, "")} ${more} State=UNKNOWN`;
const part = (name: string) => `PartitionName=${name} Nodes=ALL Default=YES MaxTime=7-0 State=UP`;
const conf = (...lines: string[]) => `ClusterName=hpc\n${lines.join("\n")}\n`;
const OLD = conf(node("compute1"), node("compute2"), part("main"), part("night"));

/** What was done to the cluster. */
const done = () =>
  readFileSync(commands.path("done"), "utf8")
    .split("\n")
    .filter((line) => /^(update|sleep)/.test(line));
/** A cluster with these jobs ("id partition node"), until it was asked for those of nodes so many times. */
function cluster(jobs: string[], untilAsked = 1000, states = "") {
  writeFileSync(commands.path("jobs"), jobs.map((j) => `${j}\n`).join(""));
  commands.set(
    "squeue",
    `case "$*" in
*nodelist=*)
  echo >>${commands.path("asked")}
  [ $(wc -l <${commands.path("asked")}) -gt ${untilAsked} ] && exit 0
  nodes=$(echo "$*" | sed 's/.*nodelist=\\([^ ]*\\).*/\\1/')
  while read -r id part node; do case ",$nodes," in *",$node,"*) echo "$id ($node)" ;; esac; done <${commands.path("jobs")} ;;
*) cut -d' ' -f1,2 ${commands.path("jobs")} ;;
esac`,
  );
  commands.set("sinfo", `printf '%s' '${states}'`);
  commands.set("scontrol", `echo "$*" >>${commands.path("done")}`);
}

beforeEach(() => {
  rmSync(share, { recursive: true, force: true });
  rmSync(commands.path("asked"), { force: true });
  for (const dir of ["config", "ha"]) mkdirSync(path.join(share, dir), { recursive: true });
  writeFileSync(path.join(share, "config/slurm.conf"), OLD);
  writeFileSync(commands.path("done"), "");
  writeFileSync(commands.path("asked"), "");
});
const spare = (wanted: string, seconds = 0) => {
  writeFileSync(commands.path("wanted"), wanted);
  return run(commands.path("wanted"), share, String(seconds));
};

describe("before another slurm.conf", () => {
  it.each([
    ["the same", OLD],
    [
      "more nodes and partitions",
      conf(
        node("compute1"),
        node("compute2"),
        node("compute3"),
        part("main"),
        part("night"),
        part("day"),
      ),
    ],
    [
      "other settings, weights and limits",
      conf(
        "MinJobAge=5",
        node("compute1", "CPUs=4 RealMemory=7750 Weight=5 TmpDisk=10"),
        node("compute2"),
        part("main"),
        part("night"),
      ),
    ],
  ])("with %s nobody is asked or touched", async (_, wanted) => {
    cluster(["7 main compute2"]);
    expect(await spare(wanted)).toMatchObject({ exitCode: 0 });
    expect(done()).toEqual([]);
  });

  it.each([
    ["that leaves", conf(node("compute1"), part("main"), part("night"))],
    [
      "of another shape",
      conf(
        node("compute1"),
        node("compute2", "CPUs=8 RealMemory=7750"),
        part("main"),
        part("night"),
      ),
    ],
    [
      "with other GPUs",
      conf(
        node("compute1"),
        node("compute2", "CPUs=4 RealMemory=7750 Gres=gpu:a:1"),
        part("main"),
        part("night"),
      ),
    ],
    [
      "at another address",
      conf(
        node("compute1"),
        node("compute2").replace("10.0.0.2", "10.0.0.9"),
        part("main"),
        part("night"),
      ),
    ],
  ])(
    "a node %s is drained, and its jobs are named when they do not end in time",
    async (_, wanted) => {
      cluster(["7 main compute2", "8 main compute1"]);
      const { exitCode, stderr } = await spare(wanted);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(
        "jobs run on nodes that leave or change: 7 (compute2). The nodes are drained",
      );
      expect(stderr).not.toContain("8 (");
      expect(done()).toEqual([
        "update NodeName=compute2 State=DRAIN Reason=hpc-ha: slurm.conf changes",
      ]);
    },
  );

  it("it waits for the jobs of a node that leaves", async () => {
    cluster(["7 main compute2"], 1);
    expect(await spare(conf(node("compute1"), part("main"), part("night")), 30)).toMatchObject({
      exitCode: 0,
    });
  });

  it("a node that a person has drained keeps that person's reason", async () => {
    cluster([], 0, "compute2 drained\n");
    expect(await spare(conf(node("compute1"), part("main"), part("night")))).toMatchObject({
      exitCode: 0,
    });
    expect(done()).toEqual([]);
  });

  it("a partition with jobs is not removed or renamed, and no node is drained for it", async () => {
    cluster(["7 night compute2", "8 main,night (null)", "9 main compute1"]);
    const { exitCode, stderr } = await spare(conf(node("compute1"), part("main"), part("nights")));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "partition night has jobs and stays until they have ended: 7 (night), 8 (night)",
    );
    expect(done()).toEqual([]);
  });

  it("an empty partition goes", async () => {
    cluster(["9 main compute1"]);
    expect(await spare(conf(node("compute1"), node("compute2"), part("main")))).toMatchObject({
      exitCode: 0,
    });
  });

  it("nothing goes while nobody can say what runs", async () => {
    cluster([]);
    commands.set("sinfo", "echo 'slurm_load_node: Unable to contact slurm controller' >&2; exit 1");
    const { exitCode, stderr } = await spare(conf(node("compute1"), part("main"), part("night")));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "nobody could say: slurm_load_node: Unable to contact slurm controller",
    );
  });

  it("accounts are not enforced while users who have none wait: slurmctld would hold their jobs", async () => {
    const enforced = `AccountingStorageEnforce=limits,qos\n${OLD}`;
    // Here id and user; those whom slurmdbd knows, and the accounts' own lines.
    cluster(["7 alice", "8 bob"]);
    commands.set("sacctmgr", "printf '\\nroot\\nalice\\n'");
    const { exitCode, stderr } = await spare(enforced);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("slurmdbd does not know users who have waiting jobs: 8 (bob).");
    commands.set("sacctmgr", "printf 'alice\\nbob\\n'");
    expect(await spare(enforced)).toMatchObject({ exitCode: 0, stderr: "" });
    // What was enforced before is no news, and what looks at no account neither.
    commands.set("sacctmgr", "exit 1");
    expect(await spare(`AccountingStorageEnforce=nojobs\n${OLD}`)).toMatchObject({ exitCode: 0 });
    writeFileSync(path.join(share, "ha/pushed.conf"), enforced);
    expect(await spare(`${enforced}MinJobAge=5\n`)).toMatchObject({ exitCode: 0 });
  });

  it("what slurmctld was told last counts, not what an earlier run has written and not told it", async () => {
    cluster(["7 main compute2"]);
    writeFileSync(path.join(share, "ha/pushed.conf"), OLD);
    const less = conf(node("compute1"), part("main"), part("night"));
    writeFileSync(path.join(share, "config/slurm.conf"), less);
    expect((await spare(`${less}MinJobAge=5\n`)).stderr).toContain("7 (compute2)");
  });

  it("a new cluster has nothing to spare", async () => {
    rmSync(path.join(share, "config/slurm.conf"));
    expect(await spare(OLD)).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

describe("after it", () => {
  const states = "compute1|drained|a fan is broken\ncompute2|drained|hpc-ha: slurm.conf changes\n";

  it("nodes that stay take jobs again, those of a person do not", async () => {
    cluster([], 0, states);
    writeFileSync(path.join(share, "ha/pushed.conf"), OLD);
    expect(await run("back", share)).toMatchObject({ exitCode: 0, stdout: "changed" });
    expect(done()).toEqual(["update NodeName=compute2 State=RESUME"]);
  });

  it("none does while slurmctld has not been told yet: its restart is still to come", async () => {
    cluster([], 0, states);
    writeFileSync(path.join(share, "ha/pushed.conf"), "another");
    expect(await run("back", share)).toMatchObject({ exitCode: 0, stdout: "" });
    expect(done()).toEqual([]);
  });
});
