import { createInterface } from "node:readline";
import { beforeAll, expect, it } from "vitest";
import { eventually, lastChanges } from "../support/site";
import { keepFigures } from "../support/measured";
import { type Phases, phases, type Said } from "./phases";
import { baseState, configure, hypervisorOf, PATIENCE, type Site, stack } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});

/** `pulumi up`, with what it said when. */
async function scale(replicas: number): Promise<Said[]> {
  await configure({ webReplicas: String(replicas) });
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

it("1 -> 2 -> 1: only the new machine is made, it serves, and it goes without a trace", async () => {
  const start = Date.now();
  const said = await scale(2);
  const { update = 0, delete: gone = 0, replace = 0 } = await lastChanges(stack);
  expect({ gone, replace }).toEqual({ gone: 0, replace: 0 });
  // The membership, the inventory and known_hosts; no other machine is configured.
  expect(update).toBeLessThanOrEqual(3);
  await eventually("web2 serves", PATIENCE, async () => (await served()) === "web2");
  const split = phases(start, said, "web2", await tookOf("web2"), Date.now());
  report(split);
  const [hypervisor, domain] = await hypervisorOf("web2");
  expect(await hypervisor.running()).toContain(domain);

  await scale(1);
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
