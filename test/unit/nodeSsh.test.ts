/** How the config says that machines of the owner's are reached, and what it is refused for. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reachedHosts } from "../../components/slurm/nodeSsh";
import { plainSecrets } from "../../plan/secrets";
import { parseSlurm, slurmFaults } from "../support/slurmConfig";

const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-nodessh-"));
const file = (name: string) => path.join(dir, name);
const make = (name: string, passphrase: string) =>
  execFileSync("ssh-keygen", [
    ...["-q", "-t", "ed25519", "-N", passphrase, "-C", "x", "-f"],
    file(name),
  ]);
beforeAll(() => {
  make("key", "");
  make("locked", "secret");
  writeFileSync(file("known_hosts"), "");
});
afterAll(() => rmSync(dir, { recursive: true }));

const gpu = {
  name: "gpu",
  hosts: [{ names: "gpu[1-2]", addresses: "10.2.0.[1-2]" }],
  cpus: 2,
  memoryMiB: 500,
};
const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZpcnN0LWtleS1vZi10aGUtdGVzdHMtMDEyMw";
const hostKeys = { gpu1: `${ED25519} root@gpu1`, gpu2: ED25519 };
const slurm = (ssh: object, more: object = {}) => ({ nodeGroups: [{ ...gpu, ssh, ...more }] });

describe("machines that are reached by ssh", () => {
  it("are those of the groups that say how, with what is the same for whoever runs it", () => {
    const groups = {
      nodeGroups: [{ name: "compute", count: 1 }, slurm({ hostKeys }).nodeGroups[0]],
    };
    const common = { at: "slurm.nodeGroups.1.ssh", user: "root", port: 22, hostKey: ED25519 };
    expect(reachedHosts(parseSlurm(groups).slurm)).toEqual([
      { ...common, name: "gpu1", address: "10.2.0.1" },
      { ...common, name: "gpu2", address: "10.2.0.2" },
    ]);
    const ssh = {
      user: "adm",
      port: 2222,
      installPackages: true,
      privateKeyFile: file("key"),
      knownHostsFile: file("known_hosts"),
    };
    expect(reachedHosts(parseSlurm(slurm(ssh)).slurm)[0]).toEqual({
      ...{ at: "slurm.nodeGroups.0.ssh", name: "gpu1", address: "10.2.0.1" },
      ...ssh,
    });
  });

  it("may have a key that is text, which is a secret", () => {
    const privateKey = readFileSync(file("key"), "utf8");
    const config = slurm({ hostKeys, privateKey });
    expect(reachedHosts(parseSlurm(config).slurm)[1]).toMatchObject({ privateKey });
    expect(plainSecrets({ slurm: JSON.stringify(config) }, () => false)).toEqual([
      expect.stringMatching(/^slurm.nodeGroups.0.ssh.privateKey: a secret in plain text/),
    ]);
  });

  it.each([
    [
      "nothing that proves who they are",
      () => slurm({}),
      /^slurm.nodeGroups.0.ssh.hostKeys is missing: the host key of each/,
    ],
    [
      "no host key of one",
      () => slurm({ hostKeys: { gpu1: ED25519 } }),
      /^slurm.nodeGroups.0.ssh.hostKeys.gpu2 is missing/,
    ],
    [
      "one of a stranger",
      () => slurm({ hostKeys: { ...hostKeys, gpu3: ED25519 } }),
      /hostKeys.gpu3: no machine of hosts$/,
    ],
    [
      "one that is none",
      () => slurm({ hostKeys: { ...hostKeys, gpu2: "AAAA" } }),
      /hostKeys.gpu2 = "AAAA": type and key/,
    ],
    [
      "two ways to prove it",
      () => slurm({ hostKeys, knownHostsFile: file("known_hosts") }),
      /ssh.knownHostsFile = ".*": not with hostKeys$/,
    ],
    [
      "a file of hosts that is not there",
      () => slurm({ knownHostsFile: "/no/such" }),
      /knownHostsFile = "\/no\/such": must be a readable file/,
    ],
    [
      "a locked key",
      () => slurm({ hostKeys, privateKeyFile: file("locked") }),
      /privateKeyFile = ".*locked": must have no passphrase/,
    ],
    [
      "a key of the person's that is not there",
      () => slurm({ hostKeys, privateKeyFile: "~/no-such" }),
      new RegExp(`privateKeyFile = "${homedir()}/no-such": must be a readable file`),
    ],
    [
      "two keys",
      () =>
        slurm({
          hostKeys,
          privateKeyFile: file("key"),
          privateKey: readFileSync(file("key"), "utf8"),
        }),
      /privateKeyFile = ".*": not with privateKey$/,
    ],
    [
      "a key that is none",
      () => slurm({ hostKeys, privateKey: "hush" }),
      /privateKey = \(a secret\): is no private key$/,
    ],
    [
      "a user that is none",
      () => slurm({ hostKeys, user: "a b" }),
      /user = "a b": the name of a user$/,
    ],
    [
      "an unknown key of the config",
      () => slurm({ hostKeys, sudo: true }),
      /Unrecognized key: "sudo"/,
    ],
    [
      "machines that are made",
      () => ({ nodeGroups: [{ name: "compute", count: 1, ssh: { hostKeys: {} } }] }),
      /^slurm.nodeGroups.0.ssh: only with hosts/,
    ],
    [
      "an address of the site's",
      () => slurm({ hostKeys }, { hosts: [{ names: "gpu[1-2]", addresses: "198.18.1.[10,240]" }] }),
      /^slurm.nodeGroups, hosts: gpu1 has the address 198.18.1.10 of slurm-m1; must be unique$/,
    ],
    [
      "the address of a VIP",
      () =>
        slurm({ hostKeys }, { hosts: [{ names: "gpu[1-2]", addresses: "198.18.1.[100,240]" }] }),
      /gpu1 has the address 198.18.1.100 of the VIP slurmVip/,
    ],
    [
      "the name of another machine",
      () => ({ nodeGroups: [{ ...gpu, hosts: [{ names: "web1", addresses: "10.2.0.1" }] }] }),
      /^slurm.nodeGroups, hosts: web1 is a machine of web already$/,
    ],
    [
      "no address of one",
      () => slurm({ hostKeys }, { hosts: [{ names: "gpu[1-2]", addresses: "10.2.0.1" }] }),
      /^slurm.nodeGroups.0.hosts.0: 2 names, 1 addresses/,
    ],
  ])("are refused with %s", (_, config, fault) => {
    const faults = slurmFaults(config());
    expect(faults).toContainEqual(expect.stringMatching(fault));
    expect(faults.join()).not.toContain("hush");
  });
});
