import { describe, expect, it } from "vitest";
import { SiteNetwork, type SiteNetworkArgs } from "../../../drivers/network";
import { family } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find } from "../../support/referenceSite";
import { transformed } from "../../support/xslt";

const make = async (changes: Partial<SiteNetworkArgs> = {}) => {
  const args = { cidr: "198.18.1.0/24", libvirtUri: "qemu:///system", networkName: "hpc-ha-lab" };
  const names: string[] = [];
  const made = await registered(() => {
    new SiteNetwork("site", { ...args, ...changes }).name.apply((name) => names.push(name));
  });
  return { made, name: names[0] };
};

describe("a site's network", () => {
  it("is isolated, with the host as its gateway, without DHCP and names, and there after a boot", async () => {
    const { made, name } = await make();
    expect(find(made, "site-network")).toMatchObject({ parent: "site", provider: "site-libvirt" });
    expect(find(made, "site-network").inputs).toEqual({
      name: "hpc-ha-lab",
      mode: "none",
      addresses: ["198.18.1.0/24"],
      autostart: true,
      xml: { xslt: expect.any(String) as string },
      dhcp: { enabled: false },
      dns: { enabled: false },
    });
    expect(name).toBe("hpc-ha-lab");
  });

  it("is not made where one is there, or machines are attached to a bridge", async () => {
    for (const existing of ["lan", ""]) {
      const { made, name } = await make({ existing });
      expect(family(made)).toEqual(["site hpc-ha:network:SiteNetwork"]);
      expect(name).toBe(existing);
    }
  });

  it("has no spanning tree: with it a new machine's port is closed for its first seconds", async () => {
    const { inputs } = find((await make()).made, "site-network");
    const name = "<name>hpc-ha-lab</name>";
    expect(await transformed(inputs, `<network>${name}<bridge name="b" stp="on"/></network>`)).toBe(
      `<network>${name}<bridge name="b" stp="off"/></network>`,
    );
    expect(await transformed(inputs, `<network>${name}</network>`)).toBe(
      `<network>${name}<bridge stp="off" delay="0"/></network>`,
    );
  });
});
