import { describe, expect, it } from "vitest";
import { parseConfig, plan } from "../../components/house";
import { fenceAddressOf } from "../../drivers/vm/settings";
import { faults, valid } from "../support/validConfig";

const image = { file: "/images/vm.qcow2", sha512: "0".repeat(128) };
const hypervisors = {
  hv1: "qemu+ssh://root@198.18.1.2/system",
  hv2: "qemu+ssh://root@198.18.1.3/system",
};
const network = { bridge: "br0" };
/** A site of VMs; `vm` is the whole of its key. */
const onVms = (vm: unknown, change: Record<string, string> = {}) => ({
  ...valid,
  driver: "vm",
  vm: JSON.stringify(vm),
  ...change,
});

describe("a site of VMs", () => {
  /** Machine name -> hypervisor. */
  const placed = (vm: object, change = {}) =>
    Object.fromEntries(
      Object.values(plan(parseConfig(onVms({ image, network, ...vm }, change))).machines)
        .flat()
        .map((m) => [m.name, m.hypervisor]),
    );

  it("has the machine of the state share, with its data volume", () => {
    const [nfs, ...others] = plan(parseConfig(onVms({ image }))).machines.share;
    expect(others).toEqual([]);
    expect(nfs).toMatchObject({
      name: "nfs-srv",
      address: "198.18.1.12",
      vcpus: 4,
      memoryMiB: 16384,
      dataGiB: 100,
      hypervisor: "host",
    });
  });

  it.each([2, 3, 4])("loses as few members of a set as can be with one of %d hypervisors", (n) => {
    const names = Array.from({ length: n }, (_, i) => `hv${i + 1}`);
    const where = placed({
      hypervisors: Object.fromEntries(
        names.map((h, i) => [h, `qemu+ssh://root@198.18.1.${i + 2}/system`]),
      ),
    });
    const together = (prefix: string, hypervisor: string) =>
      Object.entries(where).filter(([m, h]) => m.startsWith(prefix) && h === hypervisor).length;
    for (const [prefix, members] of [
      ["slurm-m", 2],
      ["haproxy", 2],
      ["redis", 3],
      ["galera", 3],
      ["web", 2],
    ] as const) {
      for (const h of names) {
        expect(together(prefix, h)).toBeLessThanOrEqual(Math.ceil(members / n));
      }
    }
  });

  it("leaves machines where they are when the pool grows", () => {
    const two = placed({ hypervisors });
    expect(placed({ hypervisors }, { webReplicas: "10" })).toMatchObject(two);
  });

  it.each([
    [{ "slurm-m1": "hv1", "slurm-m2": "hv1" }, "controllers", "slurm-m1 and slurm-m2"],
    [{ haproxy1: "hv2", haproxy2: "hv2" }, "entry", "haproxy1 and haproxy2"],
    [{ redis1: "hv2", redis2: "hv2", redis3: "hv2" }, "redis", "redis1 and redis2 and redis3"],
  ])("refuses %o unless it is asked for in so many words", (placement, role, who) => {
    const vm = { image, network, hypervisors, placement };
    expect(faults(onVms(vm))).toEqual([
      expect.stringMatching(`vm.placement puts ${who} on hypervisor hv.*: \\[${role}\\]$`),
    ]);
    expect(faults(onVms({ ...vm, allowOnOneHypervisor: [role] }))).toEqual([]);
  });

  it("may have both controllers on the only hypervisor there is", () => {
    expect(faults(onVms({ image }))).toEqual([]);
  });

  it.each([
    [undefined, /^vm is missing: .*vm.image/],
    [{}, /^vm.image is missing: allowed is {url, sha512} or {file, sha512}/],
    [{ image: { file: "/x" } }, /^vm.image = .*sha512/],
    [{ image, network: { bridge: "br 0" } }, /^vm.network.bridge = "br 0"/],
    [
      { image, hypervisors, network: { bridge: "br0", libvirtNetwork: "lan" } },
      /not together with bridge/,
    ],
    [{ image, hypervisors }, /^vm.network: several hypervisors need a bridge/],
    [{ image, network, hypervisors: { a: "lxc:///system" } }, /^vm.hypervisors.a = "lxc/],
    [
      { image, network, hypervisors: { a: hypervisors.hv1, b: hypervisors.hv1 } },
      /^vm.hypervisors.b = .* already a; must be unique/,
    ],
    [
      { image, network, hypervisors: { hv1: hypervisors.hv1, hv2: "qemu+ssh://root@hv2/system" } },
      /^vm.fenceAddresses.hv2 is missing: .* at which slurm-m2 is switched off/,
    ],
    [
      { image, network, hypervisors: { ...hypervisors, hv2: "qemu+tls://198.18.1.3/system" } },
      /^vm.hypervisors.hv2 = "qemu\+tls:.*: what switches slurm-m2 off is set up by ssh/,
    ],
    [{ image, network }, /^vm.fenceAddresses.host is missing: .* at which slurm-m1 is/],
    [{ image, fenceAddresses: { hv9: "198.18.1.2" } }, /^vm.fenceAddresses.hv9: no such hyper/],
    [{ image, placement: { web99: "host" } }, /^vm.placement.web99: no such machine/],
    [{ image, placement: { web1: "hv9" } }, /^vm.placement.web1 = "hv9": no such hypervisor/],
    [{ image, network: { gateway: "198.18.1.12" } }, /already the address of the gateway/],
    [{ image, network: { gateway: "10.0.0.1" } }, /^vm.network.gateway = .* must be inside/],
  ])("refuses %j", (vm, message) => {
    const raw: Record<string, string | undefined> = onVms(vm ?? {});
    if (vm === undefined) raw["vm"] = undefined;
    expect(faults(raw)).toEqual([expect.stringMatching(message)]);
  });

  it("says where its controllers are fenced, and needs no address of a hypervisor without one", () => {
    const vm = { image, network, hypervisors, fenceAddresses: { hv2: "10.0.0.2" } };
    const site = parseConfig(
      onVms({ ...vm, hypervisors: { ...hypervisors, hv3: "qemu+ssh://hv3/system" } }),
    );
    expect(["hv1", "hv2"].map((name) => fenceAddressOf(site, name))).toEqual([
      "198.18.1.2",
      "10.0.0.2",
    ]);
    expect(() => fenceAddressOf(site, "hv3")).toThrow("no address of hypervisor hv3");
    expect(fenceAddressOf(parseConfig(onVms({ image })), "host")).toBe("198.18.1.1");
  });

  it("refuses the key `vm` with containers", () => {
    expect(faults({ vm: JSON.stringify({ image }) })).toEqual([
      'vm: allowed only with driver = "vm", not "container"',
    ]);
  });

  it("has room for 200 web nodes in a larger subnet", () => {
    const large = { cidr: "198.18.0.0/16", webReplicas: "200" };
    const web = { max: 200, firstAddress: "198.18.1.1" };
    const site = parseConfig(onVms({ image }, { ...large, web: JSON.stringify(web) }));
    expect(plan(site).machines.web.at(-1)).toMatchObject({ address: "198.18.1.200" });
    expect(faults(onVms({ image }, { ...large, web: '{"max": 200}' }))[0]).toMatch(
      /addresses.web80 = "198.18.0.100": already the address of the VIP slurmVip/,
    );
  });
});
