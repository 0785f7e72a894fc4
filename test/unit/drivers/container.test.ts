/** Containers of this host, as the lab's machines are. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { plan } from "../../../components/house";
import { IMAGE_MARK } from "../../../drivers/place";
import { type Driven, driven } from "../../support/drivers";
import { family } from "../../support/fleet";
import { configOf, find, temporaryHome } from "../../support/referenceSite";
import { parsed } from "../../support/site";

const home = temporaryHome();
const specs = plan(parsed(configOf("lab"))).machines;
const CONTAINER = "test:machine:Container";
const known = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => output.apply((value) => resolve(value)));
let lab: Driven;
beforeAll(async () => {
  lab = await driven("lab", home, ["compute"]);
});

describe("a container", () => {
  it("is one resource of its machine, on the site's own network", () => {
    expect(family(lab.made)).toEqual([
      `compute-compute1 > compute-compute1-container ${CONTAINER}`,
      "compute-compute1 hpc-ha:machine:Machine",
      `compute-compute2 > compute-compute2-container ${CONTAINER}`,
      "compute-compute2 hpc-ha:machine:Machine",
      "site > site-libvirt pulumi:providers:libvirt",
      "site > site-network libvirt:index/network:Network",
      "site hpc-ha:network:SiteNetwork",
    ]);
    expect(find(lab.made, "site-libvirt").inputs).toEqual({ uri: "qemu:///system" });
  });

  it("is as planned", () => {
    expect(find(lab.made, "compute-compute2-container").inputs).toEqual({
      domain: "hpc-ha-lab-compute2",
      hostname: "compute2",
      address: "198.18.1.162",
      prefixLength: 24,
      gateway: "198.18.1.1",
      interface: "eth0",
      mac: "52:54:00:12:01:a2",
      vcpus: 2,
      memoryMiB: 1024,
      network: "hpc-ha-lab",
      image: `${home}/images/rootfs`,
      directory: `${home}/sites/hpc-ha-lab/compute2`,
      authorizedKey: "ssh-ed25519 AAAA",
      mounts: [],
    });
  });

  it("is never replaced by a new image: that is for new ones", () => {
    expect(find(lab.made, "compute-compute1-container")).toMatchObject({
      ignoreChanges: ["image"],
      replaceWith: [],
      deleteBeforeReplace: false,
    });
  });

  it("is made over the image and what its set has from the beginning, if that is still there", async () => {
    const over = async (layer: string) => {
      const { made } = await driven("lab", home, ["compute"], {}, undefined, undefined, layer);
      return find(made, "compute-compute1-container").inputs["image"];
    };
    expect(await over(home)).toBe(`${home}:${home}/images/rootfs`);
    expect(await over("/gone")).toBe(`${home}/images/rootfs`);
    expect(lab.driver.layers).toBe(true);
  });

  it("is of an image whose age is known, if that has the mark of when it was built", async () => {
    expect(lab.driver.image).toBeUndefined();
    const mark = path.join(home, "images", "rootfs", IMAGE_MARK);
    mkdirSync(path.dirname(mark));
    writeFileSync(mark, "rootfs\n");
    utimesSync(mark, 1000, 1000);
    const { driver } = await driven("lab", home, ["compute"]);
    expect(driver.image).toEqual({ built: 1_000_000, releases: [] });
  });

  it("sees the directory that its set shares", async () => {
    const directory = { source: pulumi.output("/srv/state"), target: "/mnt/slurm" };
    const { made } = await driven("lab", home, ["compute"], {}, () => ({ directory }));
    for (const n of [1, 2]) {
      expect(find(made, `compute-compute${n}-container`).inputs["mounts"]).toEqual([
        { source: "/srv/state", target: "/mnt/slurm" },
      ]);
    }
  });

  it("is known by its address and host key; with another key it was made anew", async () => {
    const [first] = lab.sets["compute"]?.machines ?? [];
    if (!first) throw new Error("no machine");
    expect(await known(first.address)).toBe("198.18.1.161");
    expect(await known(first.hostKey)).toBe("ssh-ed25519 compute-compute1-container");
    const { vcpus, memoryMiB } = first.spec;
    const key = await known(first.hostKey);
    expect(await known(first.incarnation)).toBe(`${key} ${vcpus} ${memoryMiB}`);
    expect(first.power.slice(-2)).toEqual(["hpc-ha-lab-compute1", "198.18.1.161"]);
  });

  it("of a site with another Slurm is made over the image that has it, and no other", async () => {
    const slurm = { slurm: { packages: "24.11" } };
    await expect(driven("lab", home, ["compute"], slurm)).rejects.toThrow(
      `No machine image in ${home}/images/rootfs-slurm-24.11`,
    );
    mkdirSync(path.join(home, "images", "rootfs-slurm-24.11"));
    const { made } = await driven("lab", home, ["compute"], slurm);
    const { image } = find(made, "compute-compute1-container").inputs as { image: string };
    expect(image).toBe(`${home}/images/rootfs-slurm-24.11`);
  });

  it("needs an image that was built, and says what builds it", async () => {
    await expect(driven("lab", "/nowhere", ["compute"])).rejects.toThrow(
      "No machine image in /nowhere/images/rootfs: `npm run lab` builds it",
    );
  });
});

describe("the driver of containers", () => {
  it("has no gates: no change makes one anew", () => {
    expect(lab.sets["compute"]?.gates).toEqual([]);
  });

  it("has them switched off on this host, whose address is the gateway, by a process of it", () => {
    const { controllers } = specs;
    expect(lab.driver.fenceHosts("fencing", controllers)).toEqual([
      { name: "fencing", uri: "lxc:///system", address: "198.18.1.1", specs: controllers },
    ]);
  });

  it("tells role base nothing: the image has it all", () => {
    expect(lab.driver.base).toEqual({ nameservers: [], timeServers: [], packages: [] });
  });
});
