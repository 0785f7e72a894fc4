import { beforeAll, describe, expect, it } from "vitest";
import type { Registration } from "../../support/mocked";
import {
  find,
  ofLibvirt,
  referenceSite,
  temporaryHome,
  type Values,
} from "../../support/referenceSite";

temporaryHome();
let made: Registration[];
beforeAll(async () => {
  made = await referenceSite();
});

describe("the VMs of the reference site", () => {
  it("are as planned: one domain each, on its hypervisor, with MAC, console and autostart, without graphics", () => {
    expect(ofLibvirt(made, "Domain")).toHaveLength(16);
    const m2 = find(made, "controllers-slurm-m2-domain");
    expect(m2).toMatchObject({ provider: "host-hv2", deleteBeforeReplace: true });
    expect(m2.inputs).toMatchObject({
      name: "hpc-ha-prod-slurm-m2",
      vcpu: 8,
      memory: 32768,
      autostart: true,
      running: true,
      networkInterfaces: [{ mac: "52:54:00:a8:01:0b", bridge: "br0" }],
      consoles: [{ type: "pty", targetType: "serial" }],
    });
    expect(JSON.stringify(m2.inputs["xml"])).toContain('match=\\"graphics|video\\"');
  });

  it("have no address or lease in libvirt: each preview would differ, and each start wait for five minutes", () => {
    for (const domain of ofLibvirt(made, "Domain")) {
      const [card, ...others] = domain.inputs["networkInterfaces"] as Values[];
      expect([domain.name, Object.keys(card ?? {}).sort(), others]).toEqual([
        domain.name,
        ["bridge", "mac"],
        [],
      ]);
    }
  });

  it("have the host's CPU with KVM; emulated ones keep little of their code translated", async () => {
    const domain = (all: Registration[]) => find(all, "web-web1-domain").inputs;
    expect(domain(made)).toMatchObject({ type: "kvm", cpu: { mode: "host-passthrough" } });
    expect(JSON.stringify(domain(made)["xml"])).not.toContain("tb-cache");
    const emulated = domain(await referenceSite({}, { accelerator: "qemu" }));
    expect(emulated).toMatchObject({ type: "qemu" });
    expect(emulated["cpu"]).toBeUndefined();
    expect(JSON.stringify(emulated["xml"])).toContain("tb-cache");
  });

  it("are replaced when a disk, the seed or the network is: the provider would delete it under them", async () => {
    for (const domain of ofLibvirt(made, "Domain")) {
      const machine = String(domain.inputs["name"]);
      const disks = [`${machine}-root`, `${machine}-seed`];
      if (machine.endsWith("nfs-srv")) disks.push(`${machine}-data`);
      expect([machine, domain.replaceWith.sort()]).toEqual([machine, disks.sort()]);
      expect(domain.inputs["disks"]).toHaveLength(disks.length);
    }
    const own = await referenceSite({}, { hypervisors: {}, fenceAddresses: {}, network: {} });
    expect(find(own, "controllers-slurm-m1-domain").replaceWith).toContain("site-network");
  });

  it("are replaced by a change of the network interface, which the provider ignores", async () => {
    const other = await referenceSite({}, { network: { libvirtNetwork: "lan" } });
    const trigger = (all: Registration[]) => find(all, "redis-redis1-domain").replacementTrigger;
    expect(trigger(made)).toBeTruthy();
    expect(trigger(other)).not.toEqual(trigger(made));
    expect(trigger(await referenceSite({ webReplicas: "5" }))).toEqual(trigger(made));
  });

  it("never reach a fixed volume name but for data: creating would adopt, and destroying delete, what is there", () => {
    const named = ofLibvirt(made, "Volume").filter((v) => v.inputs["name"] !== undefined);
    expect(named.map((v) => v.name)).toEqual(["hpc-ha-prod-nfs-srv-data"]);
  });

  it("keep data volumes, whatever is replaced or destroyed", () => {
    expect(find(made, "hpc-ha-prod-nfs-srv-data")).toMatchObject({
      protect: true,
      retainOnDelete: true,
      inputs: { name: "hpc-ha-prod-nfs-srv-data.qcow2", size: 100 * 1024 ** 3 },
    });
  });

  it("never use the provider's cloud-init disk, which hangs when several are made", () => {
    expect(made.filter((m) => /cloudinit/i.test(m.type))).toEqual([]);
    const seeds = ofLibvirt(made, "Volume").filter((v) => v.name.endsWith("-seed"));
    expect(seeds).toHaveLength(16);
    // Of a raw one libvirt says later that its format is "iso", and `pulumi refresh` makes that a replacement.
    for (const seed of seeds) expect(seed.inputs["format"]).toBe("qcow2");
  });

  it("make no pool: it would take its directory along", () => {
    expect(ofLibvirt(made, "Pool")).toEqual([]);
  });
});
