/** What VMs need on each hypervisor: the image, and that it is prepared. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { family } from "../../../support/fleet";
import { vms } from "../../../support/drivers";
import type { Registration } from "../../../support/mocked";
import { find, temporaryHome, type Values } from "../../../support/referenceSite";

const home = temporaryHome();
const COMMAND = "command:local:Command";
const PROVIDER = "pulumi:providers:libvirt";
const renewed = { image: { file: "/images/new.qcow2", sha512: "1".repeat(128) } };
const made = (vm?: Values, ...tiers: ("galera" | "login")[]) =>
  vms(home, tiers, vm).then((all) => all.made);
let site: Registration[];
beforeAll(async () => {
  site = await made();
});
const scriptOf = (all: Registration[], name: string) =>
  (find(all, name).inputs as { create: string }).create;
/** Runs what a command runs, in the same environment but for these values. */
const run = (all: Registration[], name: string, changes: Record<string, string>) => {
  const { environment } = find(all, name).inputs as { environment: Record<string, string> };
  for (const key of Object.keys(changes))
    if (key !== "PATH") expect(environment).toHaveProperty(key);
  const env = { ...environment, ...changes };
  return execa("sh", ["-c", scriptOf(all, name)], { env, reject: false });
};

describe("the hypervisors of a site", () => {
  it("are a check, a connection and the image each, and no network where there is a bridge", () => {
    expect(family(site)).toEqual([
      `host > host-hv1 ${PROVIDER}`,
      `host > host-hv1-check ${COMMAND}`,
      `host > host-hv2 ${PROVIDER}`,
      `host > host-hv2-check ${COMMAND}`,
      `host > host-hv3 ${PROVIDER}`,
      `host > host-hv3-check ${COMMAND}`,
      `host > host-image ${COMMAND}`,
      ...[1, 2, 3].map((n) => `host > hv${n}-base-000000000000 libvirt:index/volume:Volume`),
      "host hpc-ha:machine:Hypervisors",
      "site hpc-ha:network:SiteNetwork",
    ]);
  });

  it("have one volume of the image each, named by its content, kept when another comes", async () => {
    const base = find(site, "hv2-base-000000000000");
    expect(base).toMatchObject({
      provider: "host-hv2",
      retainOnDelete: true,
      // The path is this machine's.
      ignoreChanges: ["source"],
    });
    expect(base.inputs).toEqual({
      pool: "default",
      source: path.join(home, "images", "000000000000.qcow2"),
      format: "qcow2",
    });
    const names = (await made(renewed)).map((m) => m.name);
    expect(names.filter((name) => name.includes("-base-"))).toEqual(
      [1, 2, 3].map((n) => `hv${n}-base-111111111111`),
    );
  });

  it("have an own network made on them only when there is one hypervisor and nothing to attach to", async () => {
    const own = await made({ hypervisors: {}, fenceAddresses: {}, network: {} });
    expect(find(own, "site-network").provider).toBe("host-host");
  });
});

describe("another image", () => {
  it("is for new machines, and for those that are to follow it", async () => {
    const all = await made({ ...renewed, followImage: ["galera"] }, "galera", "login");
    expect(find(all, "hpc-ha-prod-galera1-root").ignoreChanges).toEqual([]);
    expect(find(all, "hpc-ha-prod-client-root").ignoreChanges).toEqual(["baseVolumeId"]);
  });
});

const content = Buffer.from("an image");
const sha512 = createHash("sha512").update(content).digest("hex");

describe("an image by its URL", () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(content);
  });
  beforeAll(() => new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens)));
  afterAll(() => server.close());
  const download = (file: string, sum: string) => {
    const { port } = server.address() as AddressInfo;
    const URL = `http://127.0.0.1:${port}/image`;
    return run(site, "host-image", { FILE: file, URL, SHA512: sum });
  };

  it("is downloaded once, and kept where the volumes are made of it", async () => {
    const file = path.join(home, "images", "one.qcow2");
    asked = 0;
    for (let i = 0; i < 2; i++) expect((await download(file, sha512)).exitCode).toBe(0);
    expect(readFileSync(file)).toEqual(content);
    expect(asked).toBe(1);
  });

  it("is refused and not kept when it is another one", async () => {
    const file = path.join(home, "images", "other.qcow2");
    const { exitCode, stderr } = await download(file, "1".repeat(128));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is not the image of vm.image.sha512");
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
  });
});

describe("an image as a file", () => {
  it("is taken when it is the one of the config, else nothing is made of it", async () => {
    const all = await made(renewed);
    const file = path.join(home, "given.qcow2");
    writeFileSync(file, content);
    const verify = (sum: string) => run(all, "host-image", { FILE: file, SHA512: sum });
    expect(await verify(sha512)).toMatchObject({ exitCode: 0 });
    expect(await verify("1".repeat(128))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${file} is not the one of vm.image.sha512`) as string,
    });
  });
});

describe("a hypervisor", () => {
  /** What is found out of one whose libvirt says this to each question. */
  const check = async (answers: Record<string, string>, vm: Values = {}) => {
    const dir = path.join(home, "bin");
    mkdirSync(dir, { recursive: true });
    const cases = Object.entries(answers).map(([ask, say]) => `"${ask}") echo '${say}';;`);
    writeFileSync(
      path.join(dir, "virsh"),
      `#!/bin/sh\nshift 3\ncase "$*" in\n${cases.join("\n")}\n*) exit 1;;\nesac\n`,
    );
    chmodSync(path.join(dir, "virsh"), 0o755);
    const PATH = `${dir}:${process.env["PATH"]}`;
    const { exitCode, stdout, stderr } = await run(await made(vm), "host-hv1-check", { PATH });
    return exitCode === 0 ? stdout : stderr;
  };
  const whole = { uri: "qemu:///system", "pool-info default": "State:   running" };
  const uri = "qemu+ssh://root@hv1.example.org/system";
  const who = `Hypervisor hv1 (${uri})`;

  it("is used once its libvirt answers and has the pools and the network", async () => {
    expect(await check(whole)).toBe(uri);
    expect(await check({})).toBe(`${who}: libvirt does not answer`);
    expect(await check({ ...whole, "pool-info default": "State:  inactive" })).toBe(
      `${who}: no running storage pool default`,
    );
    expect(await check(whole, { dataPool: "mirrored" })).toBe(
      `${who}: no running storage pool mirrored`,
    );
    const network = { network: { libvirtNetwork: "lan" } };
    expect(await check(whole, network)).toBe(`${who}: no running network lan`);
    expect(await check({ ...whole, "net-info lan": "Active:   yes" }, network)).toBe(uri);
  });

  it("is connected to only then", () => {
    expect(find(site, "host-hv1").dependsOn).toContain("host-hv1-check");
  });
});
