import { describe, expect, it } from "vitest";
import { parseConfig, plan } from "../../components/house";
import { faults, valid } from "../support/validConfig";

describe("plan", () => {
  it("places the machines of the reference site", () => {
    const { machines, vips } = plan(parseConfig({ ...valid, cidr: "192.168.1.0/24" }));
    expect(machines.controllers.map((m) => [m.name, m.address])).toEqual([
      ["slurm-m1", "192.168.1.10"],
      ["slurm-m2", "192.168.1.11"],
    ]);
    expect([vips.slurm, vips.web]).toEqual(["192.168.1.100", "192.168.1.101"]);
    expect(machines.web.map((m) => m.address)).toEqual(["192.168.1.21", "192.168.1.22"]);
    const count = Object.fromEntries(Object.entries(machines).map(([r, m]) => [r, m.length]));
    expect(count).toEqual({
      controllers: 2,
      compute: 2,
      login: 1,
      // Nobody watches unless it is asked for.
      monitor: 0,
      redis: 3,
      galera: 3,
      entry: 2,
      web: 2,
      share: 0,
    });
  });

  it("gives a machine the same address and MAC whatever the pool's size", () => {
    const two = plan(parseConfig(valid)).machines.web;
    const ten = plan(parseConfig({ ...valid, webReplicas: "10" })).machines.web;
    expect(ten.slice(0, 2)).toEqual(two);
    expect(new Set(ten.map((m) => m.mac)).size).toBe(10);
  });
});

describe("the sets whose size is fixed", () => {
  const sizes = (members: string | undefined) =>
    Object.entries(plan(parseConfig({ ...valid, ...(members && { members }) })).machines).map(
      ([tier, machines]) => [tier, machines.length],
    );

  it("are as large as it takes to lose a member", () => {
    expect(Object.fromEntries(sizes(undefined))).toMatchObject({
      redis: 3,
      galera: 3,
      entry: 2,
      login: 1,
    });
  });

  it("may be one machine each, for a site to try things on", () => {
    const members = { redis: 1, galera: 1, entry: 1, login: 0 };
    expect(Object.fromEntries(sizes(JSON.stringify(members)))).toMatchObject(members);
  });

  it.each([
    ["redis", 2],
    ["galera", 2],
    ["galera", 5],
    ["entry", 0],
    ["login", 2],
  ])("refuse %s: %d", (role, count) => {
    expect(faults({ members: JSON.stringify({ [role]: count }) })).toEqual([
      expect.stringMatching(`^members.${role} = ${count}: `),
    ]);
  });
});
