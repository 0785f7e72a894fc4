import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerInputs, ContainerState } from "../../drivers/container/inputs";
import { containerProvider } from "../../drivers/container/provider";

/** A libvirt with one container, which powers off when it is told to. */
const libvirt = vi.hoisted(() => ({
  state: "running",
  said: [] as string[],
  obey(command: string): string {
    const next = {
      "lxc-enter-namespace": "shut off",
      destroy: "shut off",
      undefine: "absent",
      define: "shut off",
      start: "running",
    };
    this.said.push(command);
    if (command in next) this.state = next[command as keyof typeof next];
    return command === "domuuid" ? "its-uuid" : "";
  },
}));
vi.mock("../../drivers/container/host", async (original) => ({
  ...(await original<typeof import("../../drivers/container/host")>()),
  run: () => Promise.reject(new Error("nothing of the host is to be touched")),
  virsh: (command: string) => Promise.resolve(libvirt.obey(command)),
  domainState: () => Promise.resolve(libvirt.state),
  sshAnswers: () => Promise.resolve(true),
}));
/** The image that the root was last mounted over. */
const mounted = vi.hoisted(() => ({ image: "" }));
vi.mock("../../drivers/container/root", () => ({
  mountRoot: ({ image }: { image: string }) => Promise.resolve(void (mounted.image = image)),
  personalise: () => Promise.resolve("ssh-ed25519 BBBB"),
}));

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(directory, { recursive: true }));
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
  directory,
  authorizedKey: "ssh-ed25519 AAAA",
  mounts: [{ source: "/a", target: "/b" }],
};
const state: ContainerState = { ...inputs, hostKey: "ssh-ed25519 BBBB", running: true };
const diff = (news: Partial<ContainerInputs>, olds: Partial<ContainerState> = {}) =>
  containerProvider.diff?.("site-web1", { ...state, ...olds }, { ...inputs, ...news });

/** What a running one cannot take over. */
const RESTARTS: Partial<ContainerInputs>[] = [
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
];

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

  it("is nothing where only who may log in at first is another: role base sees to that later", async () => {
    expect(await diff({ authorizedKey: "ssh-ed25519 CCCC" })).toMatchObject({ changes: false });
  });

  it.each(RESTARTS)("is an update of the same container, for %j", async (change) => {
    expect(await diff(change)).toMatchObject({ changes: true, replaces: [] });
  });

  it("is an update of one that a refresh found stopped", async () => {
    expect(await diff({}, { running: false })).toMatchObject({ changes: true, replaces: [] });
  });
});

describe("a change of a container", () => {
  const news = (change: Partial<ContainerInputs>) => ({ ...inputs, ...change });
  const update = (change: Partial<ContainerInputs>, olds: Partial<ContainerState> = {}) =>
    containerProvider.update?.("site-web1", { ...state, ...olds }, news(change));
  beforeEach(() => {
    libvirt.state = "running";
    libvirt.said.length = 0;
  });

  it.each(RESTARTS)("defines it anew and leaves it running, for %j", async (change) => {
    const { outs } = (await update(change)) ?? {};
    // What it is to be takes effect at its next start, and that is the roll-out's.
    expect(libvirt.said).toEqual(["domuuid", "define"]);
    expect(outs).toMatchObject({ ...change, running: true });
    // Libvirt takes it for the same one by its id.
    const xml = readFileSync(path.join(directory, "domain.xml"), "utf8");
    expect(xml).toContain("<uuid>its-uuid</uuid>");
  });

  it("starts it where it was found stopped", async () => {
    libvirt.state = "shut off";
    await update({}, { running: false });
    expect(libvirt.said).toEqual(["domuuid", "define", "start"]);
  });

  it("leaves it on the image that it was made over", async () => {
    const { outs } = (await update({ image: "/images/new", vcpus: 4 })) ?? {};
    expect([mounted.image, outs?.image]).toEqual(["/images/old", "/images/old"]);
  });

  it("is no creation's: what an interrupted one left is switched off and defined again", async () => {
    await containerProvider.create(inputs);
    expect(libvirt.said).toEqual(["lxc-enter-namespace", "domuuid", "define", "start"]);
  });
});
