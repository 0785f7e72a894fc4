import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { readCpu } from "../../autoscaler/metrics/cpu";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

/** What adds up the CPU time of a container, with another /proc. */
const commands = new Commands();
afterAll(commands.remove);
const proc = commands.path("proc");
const file = commands.path("cpu.prom");
const script = readFileSync(
  path.join(projectRoot, "ansible/roles/node_exporter/files/container-cpu"),
  "utf8",
).replaceAll("/proc", proc);

beforeEach(() => {
  rmSync(proc, { recursive: true, force: true });
  rmSync(file, { force: true });
});

interface Process {
  name?: string;
  /** s: of its own and of its children that ended, in user mode and in the kernel. */
  user?: number;
  system?: number;
  childUser?: number;
  childSystem?: number;
}

/** One run, `at` s after the boot. @param processes by number; undefined is one that ends in this moment */
async function run(at: number, processes: Record<number, Process | undefined>, seen = 8) {
  rmSync(proc, { recursive: true, force: true });
  mkdirSync(proc);
  writeFileSync(path.join(proc, "uptime"), `${at} ${at * 2}\n`);
  const lines = Array.from({ length: seen }, (_, i) => `cpu${i} 1 2 3`);
  writeFileSync(path.join(proc, "stat"), ["cpu  9 9 9", ...lines, "intr 1"].join("\n"));
  for (const [pid, process] of Object.entries(processes)) {
    mkdirSync(path.join(proc, pid));
    if (!process) {
      symlinkSync("gone", path.join(proc, pid, "stat"));
      continue;
    }
    const { name = "node", user = 0, system = 0, childUser = 0, childSystem = 0 } = process;
    const ticks = [user, system, childUser, childSystem].map((s) => s * 100).join(" ");
    writeFileSync(
      path.join(proc, pid, "stat"),
      `${pid} (${name}) S 1 1 1 0 -1 4194560 1 2 3 4 ${ticks} 20 0 1 0 345 1 2`,
    );
  }
  await execa("sh", ["-c", script, "container-cpu", "2", file]);
  return read();
}
const read = () => {
  const text = readFileSync(file, "utf8");
  const of = (mode: string) =>
    Number(
      new RegExp(`^node_cpu_seconds_total{cpu="all",mode="${mode}"} (.*)$`, "m").exec(text)?.[1],
    );
  return { user: of("user"), system: of("system"), idle: of("idle") };
};

describe("the CPU time of a container", () => {
  it("is that of its processes and of their children that ended, whatever their names are", async () => {
    const all = {
      1: { name: "systemd", user: 1, childUser: 10, system: 2, childSystem: 20 },
      20: { name: "a (b) c) 9 9", user: 100, system: 200 },
    };
    expect(await run(50, all)).toEqual({ user: 111, system: 222, idle: 0 });
  });

  it("is idle for what is left of its processors: those that were planned, and no more than there are", async () => {
    const before = { 1: { user: 5 } };
    const after = { 1: { user: 7, system: 1 } };
    await run(100, before);
    expect(await run(110, after)).toEqual({ user: 7, system: 1, idle: 17 });
    rmSync(file);
    await run(100, before, 1);
    expect(await run(110, after, 1)).toEqual({ user: 7, system: 1, idle: 7 });
  });

  it("stays the same when a process ends and its parent has its time", async () => {
    await run(100, { 1: {}, 7: { user: 30 } });
    expect((await run(110, { 1: { childUser: 31 } })).user).toBe(31);
  });

  it("does not rise by what was missing for a moment, nor ever fall", async () => {
    await run(100, { 1: {}, 7: { user: 1000 } });
    // It ended after its parent was read.
    expect((await run(110, { 1: {}, 7: undefined })).user).toBe(1000);
    expect((await run(120, { 1: { childUser: 1002 } })).user).toBe(1002);
  });

  it("goes on from where it was when time is lost for good, since nobody waited for a child", async () => {
    await run(100, { 1: { user: 1 }, 7: { user: 1000 } });
    expect((await run(110, { 1: { user: 2 } })).user).toBe(1001);
    expect((await run(120, { 1: { user: 3 } })).user).toBe(1001);
    expect((await run(130, { 1: { user: 8 } })).user).toBe(1006);
  });

  it("is read as node_exporter would tell it", async () => {
    await run(100, { 1: { user: 5 } });
    await run(110, { 1: { user: 10 } });
    const text = readFileSync(file, "utf8");
    const told = `${text}node_time_seconds 1.795717268e+09\n`;
    expect(readCpu(told)).toEqual({ busy: 10, total: 25, clock: 1795717268, age: 0 });
    // Nobody reads half of it.
    expect(execa.sync("ls", [path.dirname(file)]).stdout).not.toContain("cpu.prom.new");
  });
});
