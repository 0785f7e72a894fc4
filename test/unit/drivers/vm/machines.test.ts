/** One VM of the reference site: disks and domain, and what replaces it. */
import { beforeAll, describe, expect, it } from "vitest";
import { writeDiskRecord } from "../../../../drivers/vm/diskRecord";
import { family } from "../../../support/fleet";
import { vms } from "../../../support/drivers";
import type { Registration } from "../../../support/mocked";
import {
  configOf,
  find,
  ofLibvirt,
  temporaryHome,
  type Values,
} from "../../../support/referenceSite";
import { transformed } from "../../../support/xslt";

const home = temporaryHome();
const GIB = 1024 ** 3;
const COMMAND = "command:local:Command";
const machines = async (vm?: Values) => (await vms(home, ["share", "compute"], vm)).made;
const domain = (all: Registration[]) => find(all, "compute-compute2-domain");
let made: Registration[];
beforeAll(async () => {
  made = await machines();
});

describe("a VM", () => {
  it("is key, disks, seed and domain, and what waits for its boot", () => {
    expect(family(made).filter((line) => /nfs-srv/.test(line))).toEqual([
      `share-nfs-srv > hpc-ha-prod-nfs-srv-data libvirt:index/volume:Volume`,
      `share-nfs-srv > hpc-ha-prod-nfs-srv-root libvirt:index/volume:Volume`,
      `share-nfs-srv > hpc-ha-prod-nfs-srv-seed libvirt:index/volume:Volume`,
      `share-nfs-srv > share-nfs-srv-domain libvirt:index/domain:Domain`,
      `share-nfs-srv > share-nfs-srv-ready ${COMMAND}`,
      `share-nfs-srv > share-nfs-srv-seed ${COMMAND}`,
      `share-nfs-srv hpc-ha:machine:Machine`,
      `share-nfs-srv-gate ${COMMAND}`,
      `share-nfs-srv-hostkey > share-nfs-srv-hostkey-pair ${COMMAND}`,
      `share-nfs-srv-hostkey hpc-ha:machine:HostKey`,
      `share-nfs-srv-relief ${COMMAND}`,
    ]);
  });

  it("is as planned, on its hypervisor, with MAC, console and autostart", () => {
    expect(domain(made)).toMatchObject({ provider: "host-hv3", deleteBeforeReplace: true });
    expect(domain(made).inputs).toEqual({
      name: "hpc-ha-prod-compute2",
      type: "kvm",
      vcpu: 4,
      memory: 8192,
      cpu: { mode: "host-passthrough" },
      disks: ["root", "seed"].map((disk) => ({ volumeId: `id-of-hpc-ha-prod-compute2-${disk}` })),
      // No address or lease: each preview would differ, and each start wait for five minutes.
      networkInterfaces: [{ mac: "52:54:00:a8:01:a2", bridge: "br0" }],
      consoles: [{ type: "pty", targetType: "serial", targetPort: "0" }],
      autostart: true,
      running: true,
      xml: { xslt: expect.stringContaining("xsl:stylesheet") as string },
    });
  });

  it("has its disks on the hypervisor where it runs: overlay of the image, and seed", () => {
    expect(find(made, "hpc-ha-prod-compute2-root")).toMatchObject({
      provider: "host-hv3",
      inputs: {
        pool: "default",
        baseVolumeId: "id-of-hv3-base-000000000000",
        size: 20 * GIB,
        format: "qcow2",
      },
      protect: false,
      retainOnDelete: false,
    });
    const seed = find(made, "hpc-ha-prod-compute2-seed");
    expect(seed).toMatchObject({ provider: "host-hv3", ignoreChanges: ["source"] });
    // Of a raw one libvirt says later that its format is "iso", and `pulumi refresh` makes that a replacement.
    expect(seed.inputs).toEqual({
      pool: "default",
      source: `${home}/sites/hpc-ha-prod/compute2-seed.qcow2`,
      format: "qcow2",
    });
  });

  it("keeps its data volume, whatever is replaced or destroyed", async () => {
    expect(find(made, "hpc-ha-prod-nfs-srv-data")).toMatchObject({
      protect: true,
      retainOnDelete: true,
      inputs: { name: "hpc-ha-prod-nfs-srv-data.qcow2", pool: "default", size: 100 * GIB },
    });
    const data = find(await machines({ dataPool: "mirrored" }), "hpc-ha-prod-nfs-srv-data");
    expect(data.inputs["pool"]).toBe("mirrored");
  });

  it("has a volume name that is fixed for data only: creating would adopt, and destroying delete, what is there", () => {
    const named = ofLibvirt(made, "Volume").filter((v) => v.inputs["name"] !== undefined);
    expect(named.map((v) => v.name)).toEqual(["hpc-ha-prod-nfs-srv-data"]);
  });

  it("comes without a pool, which would take its directory along, and the provider's cloud-init disk, which hangs", () => {
    expect(made.filter((m) => /cloudinit|pool/i.test(m.type))).toEqual([]);
  });
});

describe("a VM is replaced", () => {
  it("when a disk, the seed or the network is: the provider would delete it under it", async () => {
    expect(domain(made).replaceWith.sort()).toEqual([
      "hpc-ha-prod-compute2-root",
      "hpc-ha-prod-compute2-seed",
    ]);
    expect(find(made, "share-nfs-srv-domain").replaceWith.sort()).toEqual([
      "hpc-ha-prod-nfs-srv-data",
      "hpc-ha-prod-nfs-srv-root",
      "hpc-ha-prod-nfs-srv-seed",
    ]);
    const own = await machines({ hypervisors: {}, fenceAddresses: {}, network: {} });
    expect(domain(own).replaceWith).toContain("site-network");
  });

  it("by a change of the network interface, which the provider ignores, and by nothing else of the network", async () => {
    const trigger = async (network: Values) =>
      domain(await machines({ network })).replacementTrigger;
    const bridge = { bridge: "br0" };
    expect(domain(made).replacementTrigger).toEqual(await trigger(bridge));
    expect(await trigger({ ...bridge, timeServers: ["192.168.1.2"] })).toEqual(
      await trigger(bridge),
    );
    expect(await trigger({ libvirtNetwork: "lan" })).not.toEqual(await trigger(bridge));
  });
});

describe("what libvirt is given of a domain", () => {
  const written = `<domain><features><acpi/></features><devices>
    <disk/><graphics type="spice"/><video/></devices></domain>`;

  it("has no graphics, which many a host's QEMU lacks", async () => {
    const xml = await transformed(domain(made).inputs, written);
    expect(xml).not.toMatch(/graphics|video/);
    expect(xml).toMatch(/<features>\s*<acpi\/>\s*<\/features>.*<disk\/>/s);
  });

  it("keeps little of the code of emulated ones translated, which have no CPU of the host", async () => {
    const { inputs } = domain(await machines({ accelerator: "qemu" }));
    expect(inputs).toMatchObject({ type: "qemu" });
    expect(inputs).not.toHaveProperty("cpu");
    expect(await transformed(inputs, written)).toMatch(
      /<acpi\/><tcg><tb-cache unit="MiB">192<\/tb-cache><\/tcg><\/features>/,
    );
  });
});

describe("the image of VMs", () => {
  it("is known where it was built here: when, and with which releases", async () => {
    const image = async () => (await vms(home, ["compute"])).driver.image;
    const { sha512 } = (configOf("prod")["vm"] as { image: { sha512: string } }).image;
    const record = { file: "/images/vm.qcow2", sha512, recipe: "", built: 7, releases: ["a-1"] };
    expect(await image()).toBeUndefined();
    writeDiskRecord(home, { ...record, sha512: "another" });
    expect(await image()).toBeUndefined();
    writeDiskRecord(home, record);
    expect(await image()).toEqual({ built: 7, releases: ["a-1"] });
  });
});
