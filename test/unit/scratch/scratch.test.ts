/** What a new tier takes: its folder, and a line in the list. No room of the house is touched for it. */
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { admits } from "../../support/admits";
import { CONFIGURATION, family, fleet } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { configOf, runOf } from "../../support/referenceSite";

// The line in the list, and the playbook beside the others.
vi.mock("../../../components/tiers", async (original) => {
  const { tiers } = await original<typeof import("../../../components/tiers")>();
  const { scratch } = await import("./tier.js");
  return { tiers: { ...tiers, scratch } };
});
vi.mock("../../../components/ansibleSources", async (original) => {
  const { hashSources } = await original<typeof import("../../../components/ansibleSources")>();
  return {
    hashSources: (dir: string, playbook: string) =>
      hashSources(playbook === "scratch.yml" ? path.join(__dirname, "ansible") : dir, playbook),
  };
});

type House = typeof import("../../../components/house");
let house: House;
beforeAll(async () => {
  house = await import("../../../components/house.js");
});
afterAll(() => vi.resetModules());

const parse = (changes: Record<string, unknown> = {}) =>
  house.parseConfig(
    Object.fromEntries(
      Object.entries({ ...configOf("lab"), ...changes }).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  ) as ReturnType<House["parseConfig"]> & { scratch: { greeting: string } };

describe("a new tier", () => {
  it("has its keys in the config, with their defaults", () => {
    expect(parse().scratch).toEqual({ greeting: "hello" });
    expect(parse({ ports: { scratch: 1234 } }).ports).toMatchObject({ scratch: 1234, redis: 6379 });
    expect(parse().sizes).toMatchObject({ scratch: { vcpus: 1, memoryMiB: 256, diskGiB: 20 } });
    expect(() => parse({ scratch: { greeting: 1 } })).toThrow("scratch.greeting = 1");
  });

  it("has its machine in the plan, at an address of its own, and nobody else is moved", () => {
    const { machines } = house.plan(parse()) as unknown as Record<string, Record<string, object[]>>;
    expect(machines?.["scratch"]).toMatchObject([
      { name: "scratch", tier: "scratch", address: "198.18.1.180" },
    ]);
    expect(machines?.["web"]).toMatchObject([{ address: "198.18.1.21" }, {}]);
    expect(() => parse({ addresses: { redis1: "198.18.1.180" } })).toThrow("must be unique");
  });

  it("lets in whom it says, and can be opened further by the config", () => {
    const admitted = (from: string, changes = {}) =>
      admits(house.firewall(parse(changes)), "scratch" as never, 7777, from);
    expect([admitted("198.18.1.21"), admitted("198.18.1.190")]).toEqual([true, false]);
    const allow = [{ tier: "scratch", port: 7777, from: ["198.18.1.190"] }];
    expect(admitted("198.18.1.190", { firewall: { allow } })).toBe(true);
  });

  it("has its package in the image", () => {
    expect(house.machinePackages(parse())).toContain("hello");
  });

  it("is looked at: its unit must run, and doctor says what starts it", async () => {
    const { evaluate } = await import("../../../site/status/evaluate.js");
    const { diagnose } = await import("../../../site/status/diagnose.js");
    const { outputs, answers } = await import("./site.js");
    const findings = (unit: string) => {
      const status = evaluate("lab", outputs, answers(unit));
      return diagnose(status).filter((f) => f.what.includes("scratch"));
    };
    expect(findings("active")).toEqual([]);
    expect(findings("failed")).toEqual([
      {
        severity: "reduced",
        what: "On scratch scratch is not running.",
        mend: expect.stringMatching(/root@198.18.1.180 'systemctl restart scratch'$/) as string,
      },
    ]);
  });

  it("is made and configured by its component", async () => {
    const { Scratch } = await import("./index.js");
    const { machines } = house.plan(parse()) as unknown as { machines: { scratch: [] } };
    const args = { fleet, specs: machines.scratch, greeting: parse().scratch.greeting };
    const made = await registered(() => new Scratch("scratch", args));
    expect(family(made)).toEqual([
      `scratch > scratch-config ${CONFIGURATION}`,
      "scratch > scratch-scratch hpc-ha:machine:Machine",
      `scratch > scratch-scratch-gate ${CONFIGURATION}`,
      "scratch hpc-ha:scratch:Scratch",
    ]);
    expect(runOf(made, "scratch-config")).toMatchObject({
      playbook: "scratch.yml",
      vars: { scratch_greeting: "hello" },
    });
  });
});
