/** Who may switch whom off, and what is set up on a hypervisor for it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { beforeEach, describe, expect, it } from "vitest";
import { Fencing, type FenceHost } from "../../../drivers/fencing";
import {
  applyScript,
  type FenceServiceRequest,
  localUri,
  removeScript,
  sshOf,
} from "../../../programs/fenceService";
import { vms } from "../../support/drivers";
import { family, fleet, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request, temporaryHome, type Values } from "../../support/referenceSite";

const home = temporaryHome();
const specs = machines.controllers;
const [first, second] = specs as [(typeof specs)[0], (typeof specs)[0]];
const uri = "qemu:///system";

describe("fencing", () => {
  /** Everything, and the targets that machines are told. */
  const make = async (hosts: FenceHost[]) => {
    const { place } = fleet;
    const targets: unknown[] = [];
    const made = await registered(() => {
      const args = { place, machines: specs, hosts, port: 1229, networkName: "net" };
      new Fencing("fencing", args).targets.apply((known) => targets.push(...known));
    });
    return { made, targets };
  };
  const service = { name: "hpc-ha-prod-fence-hv2", ssh: ["ssh", "root@hv2"] };
  const onTwo = [
    { name: "fencing-hv1", uri, address: "192.168.1.2", specs: [first] },
    { name: "fencing-hv2", uri, address: "192.168.1.3", specs: [second], service },
  ];

  it("is a key, and a daemon of each host: a process of this one, or a service", async () => {
    expect(family((await make(onTwo)).made)).toEqual([
      "fencing > fencing-hv1-daemon test:machine:FenceDaemon",
      "fencing > fencing-hv2-service command:local:Command",
      "fencing > fencing-key random:index/randomBytes:RandomBytes",
      "fencing hpc-ha:machine:Fencing",
    ]);
  });

  it("hears both machines everywhere, and switches off those of the host only", async () => {
    const { made } = await make(onTwo);
    const sources = ["192.168.1.10", "192.168.1.11"];
    expect(find(made, "fencing-hv1-daemon").inputs).toEqual({
      uri,
      address: "192.168.1.2",
      port: 1229,
      sources,
      domains: ["hpc-ha-prod-slurm-m1"],
      directory: "/home/sites/hpc-ha-prod/fencing-hv1",
      key: expect.anything() as unknown,
      network: "net",
    });
    expect(request(made, "fencing-hv2-service")).toEqual({
      uri,
      address: "192.168.1.3",
      port: 1229,
      sources,
      domains: ["hpc-ha-prod-slurm-m2"],
      ...service,
      key: "secret-fencing-key",
    });
  });

  it("is set up again by a change, taken away when it goes, and its key is no plain input", async () => {
    const { inputs } = find((await make(onTwo)).made, "fencing-hv2-service");
    const script = "node --import tsx programs/fenceService.ts";
    expect(inputs).toMatchObject({
      create: `${script} apply`,
      update: `${script} apply`,
      delete: `${script} remove`,
      addPreviousOutputInEnv: false,
    });
    expect(isSecret(inputs["stdin"])).toBe(true);
  });

  it("tells the machines where each is switched off", async () => {
    expect((await make(onTwo)).targets).toEqual([
      { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
      { machine: "slurm-m2", address: "192.168.1.3", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
    ]);
  });
});

describe("VMs that may be switched off", () => {
  const hostsOf = async (vm?: Values) =>
    (await vms(home, [], vm)).driver.fenceHosts("fencing", specs);

  it("have a service on each hypervisor that has one of them, reached as libvirt is", async () => {
    const hosts = await hostsOf();
    expect(hosts).toMatchObject([
      { name: "fencing-hv1", uri, address: "192.168.1.2", specs: [first] },
      { name: "fencing-hv2", uri, address: "192.168.1.3", specs: [second] },
    ]);
    expect(hosts[1]?.service?.name).toBe("hpc-ha-prod-fence-hv2");
    expect(hosts[1]?.service?.ssh.at(-1)).toBe("root@hv2.example.org");
  });

  it("are reached by ssh as libvirt reaches them", () => {
    expect(sshOf("qemu+ssh://admin@hv1:2222/system?keyfile=/k").join(" ")).toMatch(
      /^ssh -i \/k -p 2222 .*StrictHostKeyChecking=yes.* admin@hv1$/,
    );
    expect(sshOf("qemu+ssh://hv1/system").at(-1)).toBe("hv1");
    expect(sshOf(uri)).toEqual([]);
    expect(localUri("qemu+ssh://admin@hv1:2222/system?keyfile=/k")).toBe(uri);
    expect(localUri("qemu+unix:///system?socket=/s")).toBe("qemu+unix:///system?socket=/s");
  });
});

describe("the service of a hypervisor", () => {
  const service: FenceServiceRequest = {
    name: "site-fence",
    ssh: [],
    uri,
    address: "192.168.1.3",
    port: 1229,
    sources: ["192.168.1.10"],
    domains: ["site-slurm-m2"],
    key: "S0VZ+/==",
  };
  const root = path.join(home, "hypervisor");
  const at = (file: string) => path.join(root, file);
  /** Runs a script on a hypervisor that is a directory. @returns what was asked of systemd */
  const run = async (script: string) => {
    writeFileSync(at("calls"), "");
    const env = { PATH: `${at("bin")}:${process.env["PATH"]}` };
    const input = script.replace(/(?<=^|[\s>])\/etc\//gm, `${root}/etc/`);
    // Else it would be this machine's own.
    expect(
      input
        .replaceAll(root, "")
        .match(/^.*\/etc\/.*$/gm)
        ?.join(),
    ).not.toMatch(/[^\s>"]\/etc\//);
    await execa("sh", { input, env });
    return readFileSync(at("calls"), "utf8").trim().split("\n");
  };
  beforeEach(() => {
    mkdirSync(at("bin"), { recursive: true });
    mkdirSync(at("etc/systemd/system"), { recursive: true });
    const programs = {
      fence_virtd: "exit 0",
      systemctl: `echo "$*" >>${at("calls")}`,
      ss: 'echo "LISTEN $*"',
    };
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${text}\n`);
      chmodSync(at(`bin/${name}`), 0o755);
    }
  });

  it("has the key as the controllers have it, for root only", async () => {
    await run(applyScript(service));
    expect(readFileSync(at("etc/site-fence/key"), "utf8")).toBe("S0VZ+/==");
    expect(statSync(at("etc/site-fence/key")).mode & 0o777).toBe(0o600);
    expect(readFileSync(at("etc/site-fence/fence_virt.conf"), "utf8")).toContain("site-slurm-m2");
  });

  it("is started, also after a reboot, with a process id file of its own", async () => {
    expect(await run(applyScript(service))).toEqual([
      "daemon-reload",
      "enable -q site-fence.service",
      "restart site-fence.service",
    ]);
    // With the one that it has by default, a second one on a host takes itself for already running, and ends.
    expect(readFileSync(at("etc/systemd/system/site-fence.service"), "utf8")).toContain(
      "fence_virtd -F -w -p /run/site-fence/pid ",
    );
  });

  it("leaves nothing behind", async () => {
    await run(applyScript(service));
    expect(await run(removeScript(service))).toContain("disable -q --now site-fence.service");
    expect(
      [at("etc/site-fence"), at("etc/systemd/system/site-fence.service")].filter(existsSync),
    ).toEqual([]);
  });
});
