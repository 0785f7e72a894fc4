import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweepContainers } from "../../drivers/container/sweep";

let home: string;
const before = process.env["PATH"];
const calls = () => fs.readFileSync(path.join(home, "calls"), "utf8").trim().split("\n");
const disk = (stack: string) => path.join(home, "sites", `hpc-ha-${stack}`, "web1");

/** libvirt with a machine and a network each of the stacks a and a-web1. */
beforeEach(() => {
  home = fs.mkdtempSync(path.join(tmpdir(), "sweep-"));
  process.env["PATH"] = `${home}:${before}`;
  const virsh = `#!/bin/sh
shift 3
case "$*" in
  "list --all --name") printf 'hpc-ha-a-web1\\nhpc-ha-a-web1-web1\\nother\\n' ;;
  "dumpxml hpc-ha-a-web1") echo "<source dir='${disk("a")}/root'/>" ;;
  "dumpxml hpc-ha-a-web1-web1") echo "<source dir='${disk("a-web1")}/root'/>" ;;
  "net-list --all --name") printf 'hpc-ha-a\\nhpc-ha-a-web1\\n' ;;
  *) echo "$*" >>'${home}/calls'; case $1 in destroy|net-destroy) exit 1 ;; esac ;;
esac
`;
  fs.writeFileSync(path.join(home, "virsh"), virsh, { mode: 0o755 });
  for (const stack of ["a", "a-web1"]) fs.mkdirSync(disk(stack), { recursive: true });
});
afterEach(() => {
  process.env["PATH"] = before;
  fs.rmSync(home, { recursive: true });
});

test("what is one stack's goes, also what is off; nothing of one whose name begins alike", async () => {
  await sweepContainers({ prefix: "hpc-ha-a", home });
  expect(calls()).toEqual([
    "destroy hpc-ha-a-web1",
    "undefine hpc-ha-a-web1",
    "net-destroy hpc-ha-a",
    "net-undefine hpc-ha-a",
  ]);
  expect(fs.readdirSync(path.join(home, "sites"))).toEqual(["hpc-ha-a-web1"]);
});

test("nothing there is no error", async () => {
  await sweepContainers({ prefix: "hpc-ha-b", home });
  expect(fs.existsSync(path.join(home, "calls"))).toBe(false);
  expect(fs.readdirSync(path.join(home, "sites"))).toHaveLength(2);
});

test("its fencing goes too, which would answer for the next site with the old key", async () => {
  const daemon = path.join(home, "fence_virtd");
  fs.copyFileSync("/bin/sleep", daemon);
  fs.chmodSync(daemon, 0o755);
  const start = (stack: string) =>
    spawn(daemon, ["60"], { argv0: `fence_virtd -p ${path.dirname(disk(stack))}/fencing/lock` });
  const [own, other] = [start("a"), start("a-web1")];
  const ended = once(own, "exit");
  try {
    await sweepContainers({ prefix: "hpc-ha-a", home });
    expect((await ended)[1]).toBe("SIGTERM");
    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
  } finally {
    own.kill();
    other.kill();
  }
});
