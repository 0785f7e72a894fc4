/** The order in which the VMs of a set are switched off and made anew. */
import { local } from "@pulumi/command";
import { beforeAll, describe, expect, it } from "vitest";
import { vms } from "../../../support/drivers";
import type { Registration } from "../../../support/mocked";
import { before, find, request, temporaryHome } from "../../../support/referenceSite";

const home = temporaryHome();
const share = () => ({
  served: new local.Command("share-run", {}).stdout,
  gate: new local.Command("share-gate", {}),
});
let made: Registration[];
beforeAll(async () => {
  ({ made } = await vms(home, ["galera", "compute"]));
});

describe("a set of VMs", () => {
  it("has its next one touched only when the one before is part of it again", () => {
    for (const [machine, last] of [
      ["galera-galera2", "galera-galera1"],
      ["galera-galera3", "galera-galera2"],
    ] as const) {
      expect(find(made, `${machine}-domain`).dependsOn).toContain(`${machine}-relief`);
      expect(find(made, `${machine}-relief`).dependsOn).toContain(`${last}-gate`);
      expect(before(made, `${last}-gate`)).toContain(`${last}-domain`);
    }
  });

  it("does not wait for another set", () => {
    const waits = [...before(made, "compute-compute2-domain")];
    expect(waits.filter((name) => /galera/.test(name))).toEqual([]);
    expect(waits).toContain("compute-compute1-gate");
  });

  it("is created without waiting for one another's boot", () => {
    const waits = [...before(made, "galera-galera3-domain")];
    expect(waits.filter((name) => name.endsWith("-ready"))).toEqual([]);
  });

  it("with a share is touched only when its server serves again, and is ready when it serves", async () => {
    const { made: all } = await vms(home, ["controllers"], {}, share);
    expect(find(all, "controllers-slurm-m1-relief").dependsOn).toContain("share-gate");
    const second = find(all, "controllers-slurm-m2-relief");
    expect(second.dependsOn).toContain("controllers-slurm-m1-gate");
    for (const n of [1, 2]) {
      const ready = find(all, `controllers-slurm-m${n}-ready`);
      expect(ready.dependsOn).toEqual(expect.arrayContaining(["share-run"]));
      expect(before(all, `controllers-slurm-m${n}-domain`)).not.toContain("share-run");
    }
  });
});

describe("a machine that is about to be made anew", () => {
  it("is relieved first, by whatever change of its disks, size or network it is", () => {
    const why = JSON.parse(String(find(made, "galera-galera1-relief").inputs["stdin"])) as unknown;
    expect(why).toEqual([
      [expect.stringContaining("galera1-root"), expect.stringContaining("galera1-seed")],
      { memory: expect.any(Number) as number, vcpu: expect.any(Number) as number },
      expect.objectContaining({ mac: expect.any(String) as string }),
    ]);
    expect(find(made, "galera-galera1-domain").dependsOn).toContain("galera-galera1-relief");
  });
});

describe("a gate", () => {
  it("knows its machine by the domain, how it boots, and the host keys of all members", () => {
    expect(request(made, "galera-galera2-gate")).toEqual({
      incarnation: "id-of-galera-galera2-domain",
      ready: {
        name: "galera2",
        address: "192.168.1.142",
        knownHosts: "192.168.1.142 ssh-ed25519 AAAA\n",
        sshKeyFile: `${home}/ssh/id_ed25519`,
        bootSeconds: 60,
      },
      keys: [1, 2, 3].map((n) => `ssh-ed25519 AAAA galera-galera${n}-hostkey-pair`),
    });
  });

  it("does not need the members that come after its machine", () => {
    const needs = [...before(made, "galera-galera1-gate")];
    expect(needs.filter((name) => /galera[23]-(domain|ready|gate)/.test(name))).toEqual([]);
  });
});

describe("a machine's address", () => {
  it("is known when it has booted, and asked again for another incarnation", () => {
    const ready = find(made, "galera-galera1-ready");
    expect(ready.inputs).toMatchObject({
      create: "node --import tsx programs/ready.ts",
      update: "node --import tsx programs/ready.ts",
      environment: { INCARNATION: "id-of-galera-galera1-domain" },
      addPreviousOutputInEnv: false,
    });
    expect(request(made, ready.name)).toEqual(request(made, "galera-galera1-gate")["ready"]);
  });
});
