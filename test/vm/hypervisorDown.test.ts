import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, lastChanges } from "../support/site";
import { Hypervisor } from "./hypervisors";
import { baseState, configure, EVERY, PATIENCE, type Site, stack } from "./site";

let site: Site;
beforeAll(async () => {
  site = await baseState();
});
afterAll(() => baseState());

/** What `pulumi …` says and whether it succeeded. */
async function pulumi(...args: string[]): Promise<{ failed: boolean; said: string }> {
  const child = stack.start(...args);
  child.all?.pipe(process.stdout);
  return child.then(
    ({ all }) => ({ failed: false, said: all ?? "" }),
    (error: { all?: string }) => ({ failed: true, said: error.all ?? "" }),
  );
}

it("libvirt of one hypervisor is down: all serve on, `up` fails by its name, a machine of the other can be made", async () => {
  const [up, down] = [Hypervisor.named("hv1"), Hypervisor.named("hv2")];
  const running = async () => (await Promise.all(Hypervisor.all.map((h) => h.running()))).flat();
  const before = await running();
  await down.stop();
  await site.whole();

  const plain = await pulumi("up", "--yes", "--skip-preview");
  expect(plain.failed).toBe(true);
  const silent = `Hypervisor hv2 (${down.uri}): libvirt does not answer`;
  expect(plain.said).toContain(silent);

  // What docs/production.md says: it does its work and names the other. (Pulumi ends with success all the same.)
  await configure({ webReplicas: "2" });
  const targets = ["**web2**", "**web-config", "**host-hv1**"].flatMap((urn) => ["--target", urn]);
  const targeted = await pulumi("up", "--yes", "--skip-preview", ...targets);
  expect(targeted.said).toContain(silent);
  expect(await up.running()).toContain(`${stack.prefix}-web2`);
  // Its services have just been started; emulated, each takes its time.
  const health =
    "curl -s -m 30 -o /dev/null -w '%{http_code}' http://198.18.3.22:4430/health; true";
  await eventually(
    "web2 answers",
    PATIENCE,
    async () => (await site.on("haproxy1", health)) === "200",
    EVERY,
  );

  // Back again, the same command as ever does what is left to do, and touches no machine.
  await down.start();
  await stack.run("up");
  const left = await lastChanges(stack);
  expect([left["delete"] ?? 0, left["replace"] ?? 0]).toEqual([0, 0]);
  expect((await running()).sort()).toEqual([...before, `${stack.prefix}-web2`].sort());
  // Fencing outlives it: fence_virtd has found its libvirt again.
  expect(await site.fenceStatus("slurm-m1", "slurm-m2")).toBe(0);
});
