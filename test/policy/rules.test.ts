import { describe, expect, it } from "vitest";
import { intentOf, parseConfig, plan } from "../../components/house";
import { plainSecrets } from "../../plan/secrets";
import { type PlannedResource, violations } from "../../policy/rules";

const service = { name: "a", port: 8080, path: "/a", source: { path: "portal" }, start: "x" };
const site = (vm: object, change: Record<string, string> = {}) => {
  const config = parseConfig({
    webReplicas: "2",
    cidr: "192.168.1.0/24",
    driver: "vm",
    services: JSON.stringify([service]),
    vm: JSON.stringify({
      image: { file: "/x", sha512: "0".repeat(128) },
      network: { bridge: "br0" },
      ...vm,
    }),
    ...change,
  });
  return intentOf(config, plan(config));
};
const hypervisors = { hv1: "qemu+ssh://192.168.1.2/system", hv2: "qemu+ssh://192.168.1.3/system" };
const two = site({ hypervisors });

const resource = (type: string, name: string, more: Partial<PlannedResource> = {}) => ({
  type,
  name,
  inputs: {},
  protect: false,
  retainOnDelete: false,
  provider: "",
  ...more,
});
const domain = (machine: string, provider: string) =>
  resource("libvirt:index/domain:Domain", `x-${machine}-domain`, {
    inputs: { name: `hpc-ha-prod-${machine}` },
    provider,
  });
const volume = (inputs: Record<string, unknown>, more: Partial<PlannedResource> = {}) =>
  resource("libvirt:index/volume:Volume", "v", { inputs, ...more });
const nfs = (clients: unknown) => resource("hpc-ha:share:Share", "share", { inputs: { clients } });

describe("the policy", () => {
  it("keeps both members of a pair apart, whatever the plan said", () => {
    for (const pair of ["slurm-m", "haproxy"]) {
      const together = [domain(`${pair}1`, "host-hv1"), domain(`${pair}2`, "host-hv1")];
      expect(violations(together, two)).toEqual([
        `${pair}1 and ${pair}2 are on one hypervisor (host-hv1), at most 1 may be`,
      ]);
      const apart = [domain(`${pair}1`, "host-hv1"), domain(`${pair}2`, "host-hv2")];
      expect(violations(apart, two)).toEqual([]);
      const one = site({ hypervisors: { hv1: hypervisors.hv1 } });
      expect(violations(together, one)).toEqual([]);
    }
    const asked = site({ hypervisors, allowOnOneHypervisor: ["entry"] });
    const both = [domain("haproxy1", "host-hv1"), domain("haproxy2", "host-hv1")];
    expect(violations(both, asked)).toEqual([]);
  });

  it("keeps a majority of a trio when a hypervisor is lost, as far as there are hypervisors", () => {
    const on = (...hosts: string[]) => hosts.map((h, i) => domain(`galera${i + 1}`, h));
    expect(violations(on("host-hv1", "host-hv1", "host-hv1"), two)).toHaveLength(1);
    expect(violations(on("host-hv1", "host-hv2", "host-hv1"), two)).toEqual([]);
  });

  it("protects what holds data, and only that", () => {
    const data = { pool: "default", size: 1 };
    expect(violations([volume(data)], two)).toHaveLength(1);
    expect(violations([volume(data, { protect: true })], two)).toHaveLength(1);
    const kept = { protect: true, retainOnDelete: true };
    expect(violations([volume(data, kept)], two)).toEqual([]);
    expect(violations([volume({ source: "/x" }), volume({ baseVolumeId: "b" })], two)).toEqual([]);
  });

  it.each([[undefined], [[]], [["*"]], [["192.168.1.0/24"]], [["192.168.1.10", "0.0.0.0/0"]]])(
    "refuses an export to %j",
    (clients) => {
      expect(violations([nfs(clients)], two)).toHaveLength(1);
      expect(violations([nfs(["192.168.1.10", "192.168.1.11"])], two)).toEqual([]);
    },
  );

  it("refuses more web nodes than allowed", () => {
    const pool = (n: number) =>
      Array.from({ length: n }, (_, i) => resource("hpc-ha:machine:Machine", `web-web${i + 1}`));
    expect(violations(pool(11), two)).toEqual(["11 web nodes: at most web.max = 10"]);
    expect(violations(pool(10), two)).toEqual([]);
  });
});

describe("secrets in the config", () => {
  const services = (environment: Record<string, string>, git = "https://host/repository") =>
    JSON.stringify([{ environment, source: { git } }]);
  const plain = (raw: Record<string, string>, encrypted: string[] = []) =>
    plainSecrets(raw, (key) => encrypted.includes(key));

  it.each([
    [{ services: services({ DB_PASSWORD: "x" }) }, "services.0.environment.DB_PASSWORD"],
    [{ services: services({ API_KEY: "x" }) }, "services.0.environment.API_KEY"],
    [{ services: services({}, "https://me:token@host/r") }, "services.0.source.git"],
    [{ services: services({ A: "-----BEGIN RSA PRIVATE KEY-----" }) }, "services.0.environment.A"],
    [{ webhook: "https://hooks.example.org/abc" }, "webhook"],
  ])("are found in %j", (raw, where) => {
    expect(plain(raw)).toEqual([expect.stringContaining(`${where}: a secret in plain text`)]);
    expect(plain(raw, Object.keys(raw))).toEqual([]);
  });

  it("are not the names of files, and not empty", () => {
    const ssh = JSON.stringify({ privateKeyFile: "/root/key" });
    expect(plain({ ssh, services: services({ TOKEN: "", LOG_LEVEL: "debug" }) })).toEqual([]);
  });
});
