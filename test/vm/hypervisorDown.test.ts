import { afterAll, beforeAll, expect, it } from "vitest";
import { lastChanges } from "../support/site";
import { Hypervisor } from "./hypervisors";
import { baseState, configure, hypervisorOf, type Site, stack } from "./site";

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

it("libvirt of one hypervisor is down: machines serve on, `up` changes nothing and says which one it is", async () => {
  const down = Hypervisor.named("hv2");
  const before = (await Promise.all(Hypervisor.all.map((h) => h.running()))).flat().sort();
  await down.stop();
  await site.whole();
  await configure({ webReplicas: "2" });
  const up = await pulumi("up", "--yes", "--skip-preview");
  expect(up.failed).toBe(true);
  expect(up.said).toContain("hypervisors/hv2/");
  const left = await lastChanges(stack);
  expect([left["delete"] ?? 0, left["replace"] ?? 0]).toEqual([0, 0]);

  // Back again, the same command does what is left to do.
  await down.start();
  await stack.run("up");
  const [, domain] = await hypervisorOf("web2");
  const now = (await Promise.all(Hypervisor.all.map((h) => h.running()))).flat().sort();
  expect(now).toEqual([...before, domain].sort());
});
