import { afterAll, beforeAll, expect, it } from "vitest";
import { lastChanges } from "../support/site";
import { ensureHypervisorImage } from "./hypervisorImage";
import { Hypervisor } from "./hypervisors";
import { baseConfig, baseState, configure, type Site, stack } from "./site";

const { spare } = Hypervisor;
let site: Site;
beforeAll(async () => {
  site = await baseState();
});
afterAll(async () => {
  // What is on it goes while it is there.
  if (
    await spare.running().then(
      () => true,
      () => false,
    )
  ) {
    await withSpare("1");
    await baseState();
  }
  await spare.remove();
});

/** The site with one hypervisor more. */
async function withSpare(webReplicas: string): Promise<void> {
  const { vm } = (await baseConfig()) as { vm: { hypervisors: Record<string, string> } };
  const hypervisors = { ...vm.hypervisors, [spare.name]: spare.uri };
  await configure({ webReplicas, vm: { ...vm, hypervisors } });
  await stack.run("up");
}

/** Domains of each of the first two. */
const running = async () =>
  (await Promise.all(Hypervisor.all.map((h) => h.running()))).map((names) => names.sort());

it("a hypervisor added: no machine moves, and the next one is made on it and serves", async () => {
  const [before, booted] = [await running(), await site.bootId("web1")];
  await spare.start(await ensureHypervisorImage((text) => console.log(text)));
  await withSpare("1");
  const { delete: gone = 0, replace = 0 } = await lastChanges(stack);
  expect({ gone, replace }).toEqual({ gone: 0, replace: 0 });
  expect(await running()).toEqual(before);
  expect(await spare.running()).toEqual([]);

  await withSpare("2");
  expect(await spare.running()).toEqual([`${stack.prefix}-web2`]);
  expect(await running()).toEqual(before);
  expect(await site.bootId("web1")).toBe(booted);
  // It ended well, so web2 is in rotation: seen to be healthy from the HAProxy node.
  expect((await stack.outputs()).addresses["web"]).toHaveProperty("web2");
});
