import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hashOf } from "../../image/disk";
import { eventually, lastChanges } from "../support/site";
import { keepFigures } from "../support/measured";
import { type Phases, phases, type Said } from "./phases";
import { baseConfig, baseState, configure, hypervisorOf, PATIENCE, type Site, stack } from "./site";

let site: Site;
const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-image-"));
beforeAll(async () => {
  site = await baseState();
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

type Vm = { image: { file: string; sha512: string } } & Record<string, unknown>;
/** The config's part on VMs, with another image: the same system in a file of other content. */
async function refreshed(): Promise<Vm> {
  const vm = (await baseConfig())["vm"] as Vm;
  const file = path.join(directory, "image.qcow2");
  await execa("qemu-img", [
    ..."convert -O qcow2 -o cluster_size=128k".split(" "),
    vm.image.file,
    file,
  ]);
  return { ...vm, image: { file, sha512: await hashOf(file) } };
}

/** The image that a machine's root disk lies over, by the beginning of its hash. */
async function imageOf(machine: string): Promise<string | undefined> {
  const [hypervisor, domain] = await hypervisorOf(machine);
  const { stdout: disks } = await hypervisor.virsh("domblklist", domain);
  const root = /\S+-root-\S+/.exec(disks)?.[0] ?? "";
  const { stdout } = await hypervisor.virsh("vol-dumpxml", root, "default");
  return /-base-([0-9a-f]{12})/.exec(stdout)?.[1];
}

/** `pulumi up`, with what it said when. */
async function scale(replicas: number, vm: Vm): Promise<Said[]> {
  await configure({ webReplicas: String(replicas), vm });
  const child = stack.start("up", "--yes", "--skip-preview");
  const said: Said[] = [];
  if (!child.all) throw new Error("no output");
  for await (const line of createInterface(child.all)) {
    said.push({ at: Date.now(), line });
    if (/created|updated|deleted|error/.test(line)) console.log(line);
  }
  await child;
  return said;
}

/** What the program printed that waited for a machine. */
async function tookOf(node: string): Promise<string> {
  const { stdout } = await stack.start("stack", "export");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { urn: string; outputs?: { stdout?: string } }[] };
  };
  const ready = deployment.resources.find((r) => r.urn.endsWith(`::web-${node}-ready`));
  return ready?.outputs?.stdout ?? "";
}

/** Which web node answers a user; "" when none does. */
async function served(): Promise<string> {
  const { urls, vips } = site.outputs;
  const { pathname } = new URL(urls["auth_frontend"] ?? "");
  // From a machine that is always there, over the entry that users have.
  const ask = `curl -ksS -m 20 -o /dev/null -w '%header{x-served-by}' https://${vips.web}${pathname}`;
  return site.on("compute1", ask).catch(() => "");
}

let vm: Vm;
it("a new image changes no machine that runs", async () => {
  const booted = await site.bootId("web1");
  const before = await imageOf("web1");
  vm = await refreshed();
  await configure({ vm });
  await stack.run("up");
  expect((await lastChanges(stack))["replace"] ?? 0).toBe(0);
  expect(await site.bootId("web1")).toBe(booted);
  // The disks of machines that run are overlays of the old one.
  expect(await imageOf("web1")).toBe(before);
  expect(before).not.toBe(vm.image.sha512.slice(0, 12));
});

it("1 -> 2 -> 1: only the new machine is made, of the new image, it serves, and it goes without a trace", async () => {
  const start = Date.now();
  const said = await scale(2, vm);
  const { update = 0, delete: gone = 0, replace = 0 } = await lastChanges(stack);
  expect({ gone, replace }).toEqual({ gone: 0, replace: 0 });
  // The tier's configuration and the membership, the inventory and known_hosts.
  expect(update).toBeLessThanOrEqual(4);
  await eventually("web2 serves", PATIENCE, async () => (await served()) === "web2");
  const split = phases(start, said, "web2", await tookOf("web2"), Date.now());
  report(split);
  const [hypervisor, domain] = await hypervisorOf("web2");
  expect(await hypervisor.running()).toContain(domain);
  expect(await imageOf("web2")).toBe(vm.image.sha512.slice(0, 12));

  await scale(1, vm);
  expect((await lastChanges(stack))["create"] ?? 0).toBe(0);
  expect(await hypervisor.running()).not.toContain(domain);
  const { stdout } = await hypervisor.virsh("vol-list", "default");
  expect(stdout).not.toContain("-web2-");
  expect(await served()).toBe("web1");
});

function report(split: Phases): void {
  const total = Object.values<number>({ ...split }).reduce((a, b) => a + b);
  const rows = [
    ...Object.entries<number>({ ...split }),
    ["from command to first request", total] as const,
  ];
  for (const [phase, seconds] of rows) console.log(`  ${phase}: ${seconds.toFixed(1)} s`);
  const table = ["| phase | s |", "| --- | --- |"];
  for (const [phase, seconds] of rows) table.push(`| ${phase} | ${seconds.toFixed(1)} |`);
  keepFigures("vm", { measured: new Date().toISOString(), scaleOut: split }, table.join("\n"));
}
