import { describe, expect, it } from "vitest";
import { mountVars } from "../../components/compute/mounts";
import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";

const parse = (...mounts: object[]) =>
  parseConfig({
    webReplicas: "2",
    cidr: "198.18.1.0/24",
    driver: "container",
    mounts: JSON.stringify(mounts),
  }).mounts;
function faults(...mounts: object[]): string[] {
  try {
    parse(...mounts);
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}
const home = { source: "files.example.org:/export/home", target: "/home" };

describe("mounts of the config", () => {
  it("are on compute nodes and login machine, wait for their server, and come after what they are in", () => {
    const options = "hard,nosuid,nodev";
    const inner = { source: "10.1.0.5:/", target: "/home/projects", options: "ro,soft" };
    const mounts = parse(inner, home, { ...home, target: "/scratch", tiers: ["compute"] });
    expect(mountVars(mounts, "compute").mounts_wanted).toEqual([
      { ...home, options },
      inner,
      { ...home, target: "/scratch", options },
    ]);
    expect(mountVars(mounts, "login").mounts_wanted).toEqual([{ ...home, options }, inner]);
  });

  it.each([
    ["target", "home"],
    ["target", "/"],
    ["target", "/home/"],
    ["target", "/home/../etc"],
    ["target", "/my home"],
    ["target", "/홈"],
    ["source", "/export/home"],
    ["source", "files:export"],
    ["source", "files:/export/"],
    ["source", "files:/a b"],
    ["source", "-o:/home"],
    ["options", "hard, ro"],
    ["options", ""],
    ["options", "hard,x-systemd.automount"],
    ["options", "$(id)"],
  ])("have no %s %j", (key, value) => {
    expect(faults({ ...home, [key]: value })).toEqual([
      expect.stringMatching(new RegExp(`^mounts.0.${key} = `)),
    ]);
  });

  it.each(["/etc", "/var/lib/slurm", "/usr/local", "/mnt/slurm", "/mnt/slurm/spool", "/run/user"])(
    "are not on %s, which is the machines' own",
    (target) => {
      expect(faults({ ...home, target })).toEqual([
        expect.stringMatching(/^mounts.0.target = ".*": \/.* is the machines' own$/),
      ]);
    },
  );

  it("are not on other tiers, and not twice on one", () => {
    expect(faults({ ...home, tiers: ["controllers"] })[0]).toMatch(/^mounts.0.tiers.0 = /);
    expect(
      faults(home, { ...home, tiers: ["login"] }, { ...home, target: "/home2" }, home),
    ).toEqual([
      'mounts.1.target = "/home": another mount of login is there',
      'mounts.3.target = "/home": another mount of compute, login is there',
    ]);
  });
});
