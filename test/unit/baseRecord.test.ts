import { describe, expect, it } from "vitest";
import { domainsIn, resourcesIn, startOf, whatChanged, type Witness } from "../support/baseRecord";

const kept: Witness = {
  config: "c",
  resources: "r",
  machines: { "hpc-ha-test-web1": "100 5", "hpc-ha-test-web2": "200 6" },
};

describe("the base state is there still", () => {
  it("when nothing changed", () => {
    expect(whatChanged(kept, structuredClone(kept))).toBeUndefined();
  });

  it.each([
    ["config", { config: "d" }, "another config"],
    ["resources", { resources: "s" }, "Pulumi's state is another"],
    ["a state that cannot be read", { resources: undefined }, "cannot be read"],
    ["no machine, or one that is paused or off", { machines: undefined }, "web1, hpc-ha-test-web2"],
    [
      "a boot",
      { machines: { ...kept.machines, "hpc-ha-test-web2": "300 7" } },
      "not as they were: hpc-ha-test-web2",
    ],
    [
      "a process of the same number",
      { machines: { ...kept.machines, "hpc-ha-test-web2": "200 7" } },
      "not as they were: hpc-ha-test-web2",
    ],
    [
      "a machine more",
      { machines: { ...kept.machines, "hpc-ha-test-web3": "400 8" } },
      "not as they were: hpc-ha-test-web3",
    ],
    [
      "a machine less",
      { machines: { "hpc-ha-test-web1": "100 5" } },
      "not as they were: hpc-ha-test-web2",
    ],
  ])("not with another %s", (_, change, why) => {
    expect(whatChanged(kept, { ...kept, ...change })).toContain(why);
  });

  it("not when the record was dropped: somebody acted on a machine", () => {
    expect(whatChanged(undefined, kept)).toContain("acted on");
  });
});

describe("the resources of a state file", () => {
  const file = (resources: unknown[], more: object = {}) =>
    JSON.stringify({
      checkpoint: { latest: { manifest: { time: Math.random() }, resources, ...more } },
    });

  it("are the same whenever it was written", () => {
    expect(resourcesIn(file([{ urn: "a" }]))).toBe(resourcesIn(file([{ urn: "a" }])));
    expect(resourcesIn(file([{ urn: "a" }]))).not.toBe(resourcesIn(file([{ urn: "b" }])));
  });

  it("are not known after an interrupted update, nor where there are none", () => {
    expect(resourcesIn(file([{ urn: "a" }], { pending_operations: [{}] }))).toBeUndefined();
    expect(resourcesIn(file([{ urn: "a" }], { pending_operations: [] }))).toBeDefined();
    expect(resourcesIn("{}")).toBeUndefined();
    expect(resourcesIn('{"checkpoint": {"lat')).toBeUndefined();
  });
});

describe("what libvirt and the kernel say", () => {
  // As `virsh -q list --all` prints it.
  const LIST = ` 27235   hpc-ha-test-web2       running
 27272   hpc-ha-test-slurm-m1   paused
 -       hpc-ha-test-web1       shut off
 27320   hpc-ha-lab-compute2    running
 3       hpc-ha-tests-web1      running
`;
  it("is read for the machines of one stack", () => {
    expect(domainsIn(LIST, "hpc-ha-test")).toEqual([
      { name: "hpc-ha-test-web2", id: 27235, state: "running" },
      { name: "hpc-ha-test-slurm-m1", id: 27272, state: "paused" },
      { name: "hpc-ha-test-web1", id: undefined, state: "shut off" },
    ]);
  });

  it("tells when a process began, whatever its name", () => {
    const rest = "S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 100 200";
    expect(startOf(`12 (systemd) ${rest}`)).toBe("4711");
    expect(startOf(`12 (a ) b (c) ${rest}`)).toBe("4711");
    expect(startOf("")).toBeUndefined();
  });
});
