import { describe, expect, it } from "vitest";
import type { ContainerInputs, ContainerState } from "../../drivers/container/container";
import { containerProvider } from "../../drivers/container/provider";

const inputs: ContainerInputs = {
  domain: "site-web1",
  hostname: "web1",
  address: "198.18.1.21",
  prefixLength: 24,
  gateway: "198.18.1.1",
  interface: "eth0",
  mac: "52:54:00:12:01:15",
  vcpus: 2,
  memoryMiB: 1024,
  network: "site",
  image: "/images/old",
  directory: "/sites/site/web1",
  authorizedKey: "ssh-ed25519 AAAA",
  mounts: [{ source: "/a", target: "/b" }],
};
const state: ContainerState = { ...inputs, hostKey: "ssh-ed25519 BBBB", running: true };
const diff = (news: Partial<ContainerInputs>, olds: Partial<ContainerState> = {}) =>
  containerProvider.diff?.("site-web1", { ...state, ...olds }, { ...inputs, ...news });

describe("what a change means for a container", () => {
  it("is nothing without one, and where only the image is another: that is for new machines", async () => {
    expect(await diff({})).toMatchObject({ changes: false, replaces: [] });
    expect(await diff({ image: "/images/new" })).toMatchObject({ changes: false, replaces: [] });
  });

  it.each(["domain", "directory"] as const)("is another container, for %s", async (key) => {
    expect(await diff({ [key]: "other" })).toEqual({
      changes: true,
      replaces: [key],
      // Its disk and address are the old one's until that is gone.
      deleteBeforeReplace: true,
    });
  });

  it.each([
    { hostname: "web9" },
    { address: "198.18.1.29" },
    { prefixLength: 16 },
    { gateway: "198.18.1.2" },
    { interface: "eth1" },
    { mac: "52:54:00:00:00:01" },
    { vcpus: 4 },
    { memoryMiB: 2048 },
    { network: "other" },
    { mounts: [] },
    { mounts: [{ source: "/a", target: "/c" }] },
    { authorizedKey: "ssh-ed25519 CCCC" },
  ])("is an update of the same container, for %j", async (change) => {
    expect(await diff(change)).toMatchObject({ changes: true, replaces: [] });
  });

  it("is an update of one that a refresh found stopped", async () => {
    expect(await diff({}, { running: false })).toMatchObject({ changes: true, replaces: [] });
  });
});
