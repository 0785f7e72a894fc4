import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isMadeAnew } from "../../programs/gate";
import { instanceId, type Identity, renderSeed } from "../../drivers/vm/cloudInit";
import {
  applyScript,
  type FenceServiceRequest,
  localUri,
  removeScript,
  sshOf,
} from "../../programs/fenceService";
import { prepareScript, type ReadyRequest, resolvConf, timesyncd } from "../../programs/ready";
import { usableMiB } from "../../components/controllers";
import { type Intent, violations } from "../../policy/rules";
import { buildPortal } from "../../portal/build";
import { type Registration, registrations } from "../support/mockedProgram";

// Pulumi's mocks have no transforms; the rules are applied to the whole plan below.
const policy = vi.hoisted(() => ({ intent: undefined as Intent | undefined }));
vi.mock("../../policy/enforce", () => ({
  enforcePolicy: (intent: Intent) => (policy.intent = intent),
}));
// There is none to ask.
vi.mock("../../drivers/vm/hypervisorAnswer", () => ({ warnUnlessAnswers: vi.fn() }));
// As in the tests of the whole program: its code is serialised as node loads it.
vi.mock("../../drivers/container/fenceDaemon", () => ({
  FenceDaemon: class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
      super("test:machine:FenceDaemon", name, args, opts);
    }
  },
}));

const home = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
const root = path.join(__dirname, "..", "..");
/** Resources that nothing else waits for. */
const LAST = [
  "compute-config-run",
  "entry-membership-command",
  "files-known_hosts",
  "files-ca.pem",
];

beforeAll(async () => {
  await buildPortal();
  process.env["HPC_HA_HOME"] = home;
  mkdirSync(path.join(home, "ssh"));
  writeFileSync(path.join(home, "ssh", "id_ed25519.pub"), "ssh-ed25519 AAAA root\n");
});
afterAll(() => rmSync(home, { recursive: true }));

type Values = Record<string, unknown>;
/** The reference site with changes. */
async function site(changes: Values = {}, vm: Values = {}): Promise<Registration[]> {
  const text = readFileSync(path.join(root, "Pulumi.prod.yaml"), "utf8");
  const config = Object.fromEntries(
    Object.entries((yaml.load(text) as { config: Values }).config).map(([key, value]) => [
      key.replace(/^hpc-ha:/, ""),
      value,
    ]),
  );
  return registrations({ ...config, ...changes, vm: { ...(config["vm"] as Values), ...vm } }, LAST);
}

let made: Registration[];
beforeAll(async () => {
  made = await site();
}, 60_000);
const of = (all: Registration[], type: string) =>
  all.filter((m) => m.type === `libvirt:index/${type.toLowerCase()}:${type}`);
const find = (all: Registration[], name: string): Registration => {
  const found = all.find((m) => m.name === name);
  if (!found) throw new Error(`no resource ${name}`);
  return found;
};
/** Everything that must be there before a resource, near and far. */
function before(all: Registration[], name: string): Set<string> {
  const seen = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const dependency of all.find((m) => m.name === next)?.dependsOn ?? []) {
      if (!seen.has(dependency)) queue.push(dependency);
      seen.add(dependency);
    }
  }
  return seen;
}

describe("the VMs of the reference site", () => {
  it("are as planned: one domain each, on its hypervisor, with MAC, console and autostart, without graphics", () => {
    expect(of(made, "Domain")).toHaveLength(16);
    const m2 = find(made, "slurm-slurm-m2-domain");
    expect(m2).toMatchObject({ provider: "host-hv2", deleteBeforeReplace: true });
    expect(m2.inputs).toMatchObject({
      name: "hpc-ha-prod-slurm-m2",
      vcpu: 8,
      memory: 32768,
      autostart: true,
      running: true,
      networkInterfaces: [{ mac: "52:54:00:a8:01:0b", bridge: "br0" }],
      consoles: [{ type: "pty", targetType: "serial" }],
    });
    expect(JSON.stringify(m2.inputs["xml"])).toContain('match=\\"graphics|video\\"');
  });

  it("have no address or lease in libvirt: each preview would differ, and each start wait for five minutes", () => {
    for (const domain of of(made, "Domain")) {
      const [card, ...others] = domain.inputs["networkInterfaces"] as Values[];
      expect([domain.name, Object.keys(card ?? {}).sort(), others]).toEqual([
        domain.name,
        ["bridge", "mac"],
        [],
      ]);
    }
  });

  it("have the host's CPU with KVM; emulated ones keep little of their code translated", async () => {
    const domain = (all: Registration[]) => find(all, "web-web1-domain").inputs;
    expect(domain(made)).toMatchObject({ type: "kvm", cpu: { mode: "host-passthrough" } });
    expect(JSON.stringify(domain(made)["xml"])).not.toContain("tb-cache");
    const emulated = domain(await site({}, { accelerator: "qemu" }));
    expect(emulated).toMatchObject({ type: "qemu" });
    expect(emulated["cpu"]).toBeUndefined();
    expect(JSON.stringify(emulated["xml"])).toContain("tb-cache");
  });

  it("are within the policy", () => {
    if (!policy.intent) throw new Error("the program did not ask for the policy");
    expect(violations(made, policy.intent)).toEqual([]);
  });

  it("are replaced when a disk, the seed or the network is: the provider would delete it under them", async () => {
    for (const domain of of(made, "Domain")) {
      const machine = String(domain.inputs["name"]);
      const disks = [`${machine}-root`, `${machine}-seed`];
      if (machine.endsWith("nfs-srv")) disks.push(`${machine}-data`);
      expect([machine, domain.replaceWith.sort()]).toEqual([machine, disks.sort()]);
      expect(domain.inputs["disks"]).toHaveLength(disks.length);
    }
    const own = await site({}, { hypervisors: {}, fenceAddresses: {}, network: {} });
    expect(find(own, "slurm-slurm-m1-domain").replaceWith).toContain("site-network");
  });

  it("are replaced by a change of the network interface, which the provider ignores", async () => {
    const other = await site({}, { network: { libvirtNetwork: "lan" } });
    const trigger = (all: Registration[]) => find(all, "redis-redis1-domain").replacementTrigger;
    expect(trigger(made)).toBeTruthy();
    expect(trigger(other)).not.toEqual(trigger(made));
    expect(trigger(await site({ webReplicas: "5" }))).toEqual(trigger(made));
  });

  it("never reach a fixed volume name but for data: creating would adopt, and destroying delete, what is there", () => {
    const named = of(made, "Volume").filter((v) => v.inputs["name"] !== undefined);
    expect(named.map((v) => v.name)).toEqual(["hpc-ha-prod-nfs-srv-data"]);
  });

  it("keep data volumes, whatever is replaced or destroyed", () => {
    expect(find(made, "hpc-ha-prod-nfs-srv-data")).toMatchObject({
      protect: true,
      retainOnDelete: true,
      inputs: { name: "hpc-ha-prod-nfs-srv-data.qcow2", size: 100 * 1024 ** 3 },
    });
  });

  it("never use the provider's cloud-init disk, which hangs when several are made", () => {
    expect(made.filter((m) => /cloudinit/i.test(m.type))).toEqual([]);
    const seeds = of(made, "Volume").filter((v) => v.name.endsWith("-seed"));
    expect(seeds).toHaveLength(16);
    // Of a raw one libvirt says later that its format is "iso", and `pulumi refresh` makes that a replacement.
    for (const seed of seeds) expect(seed.inputs["format"]).toBe("qcow2");
  });

  it("make no pool: it would take its directory along", () => {
    expect(of(made, "Pool")).toEqual([]);
  });
});

describe("the image", () => {
  const renewed = { image: { file: "/images/new.qcow2", sha512: "1".repeat(128) } };
  const bases = (all: Registration[]) => all.filter((m) => m.name.includes("-base-"));

  it("is one volume on each hypervisor, named by its content, kept when another comes", async () => {
    expect(bases(made).map((m) => [m.name, m.provider, m.retainOnDelete])).toEqual([
      ["hv1-base-000000000000", "host-hv1", true],
      ["hv2-base-000000000000", "host-hv2", true],
      ["hv3-base-000000000000", "host-hv3", true],
    ]);
    expect(bases(await site({}, renewed)).map((m) => m.name)).toContain("hv1-base-111111111111");
  });

  it("is for new machines, and for those that are to follow it", async () => {
    const all = await site({}, { ...renewed, followImage: ["galera"] });
    expect(find(all, "hpc-ha-prod-galera1-root").ignoreChanges).toEqual([]);
    expect(find(all, "hpc-ha-prod-web1-root").ignoreChanges).toEqual(["baseVolumeId"]);
  });
});

describe("an image by its URL", () => {
  const content = Buffer.from("an image");
  const sha512 = createHash("sha512").update(content).digest("hex");
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(content);
  });
  beforeAll(() => new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens)));
  afterAll(() => server.close());

  /** What the program has run, for another file, URL and checksum. */
  const download = (file: string, sum: string) => {
    const { create, environment } = find(made, "host-image").inputs as {
      create: string;
      environment: Values;
    };
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(["FILE", "URL", "SHA512"]));
    const { port } = server.address() as AddressInfo;
    const env = { FILE: file, URL: `http://127.0.0.1:${port}/image`, SHA512: sum };
    return execa("sh", ["-c", create], { env, reject: false });
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

describe("a set of VMs", () => {
  it.each([
    ["galera-galera", 3],
    ["redis-redis", 3],
    ["entry-haproxy", 2],
    ["slurm-slurm-m", 2],
    ["compute-compute", 2],
    ["web-web", 2],
  ])("%s: the next is touched only when the one before is healthy", (prefix, members) => {
    for (let i = 2; i <= members; i++) {
      expect(before(made, `${prefix}${i}-domain`)).toContain(`${prefix}${i - 1}-gate`);
      expect(before(made, `${prefix}${i - 1}-gate`)).toContain(`${prefix}${i - 1}-domain`);
    }
  });

  it.each(["galera", "redis", "entry", "slurm", "compute"])(
    "%s: no two runs of its playbook at once: the gates come first",
    (set) => {
      const gates = made.filter((m) => new RegExp(`^${set}-.*-gate$`).test(m.name));
      const first = before(made, `${set}-config-run`);
      expect(gates.map(({ name }) => name).filter((name) => !first.has(name))).toEqual([]);
    },
  );

  it("with a share is touched only when its server serves again", () => {
    expect(before(made, "slurm-slurm-m1-domain")).toContain("slurm-share-nfs-nfs-srv-gate");
    expect(before(made, "slurm-share-nfs-config-run")).toContain("slurm-share-nfs-nfs-srv-gate");
  });

  it("is created without waiting for one another's boot or configuration", () => {
    for (const domain of of(made, "Domain")) {
      const waits = [...before(made, domain.name)];
      expect([domain.name, waits.filter((w) => /-(ready|run)$/.test(w))]).toEqual([
        domain.name,
        [],
      ]);
    }
  });

  it("is configured again when a machine of it was made anew, only then by the gate", () => {
    expect(isMadeAnew(undefined, "a")).toBe(false);
    expect(isMadeAnew("a\n", "a")).toBe(false);
    expect(isMadeAnew("a\n", "b")).toBe(true);
    const run = JSON.parse(plain(find(made, "galera-config-run").inputs["stdin"])) as Values;
    expect(run["incarnations"]).toEqual([1, 2, 3].map((i) => `id-of-galera-galera${i}-domain`));
  });
});

describe("a machine that was made anew", () => {
  type Run = { inventory: string; vars: Values };
  const stdinOf = (name: string) => JSON.parse(plain(find(made, name).inputs["stdin"])) as unknown;
  it.each([
    ["galera-galera2", "galera-config"],
    ["redis-redis3", "redis-config"],
    ["entry-haproxy1", "entry-config"],
    ["slurm-slurm-m1", "slurm-config"],
    ["compute-compute1", "compute-config"],
    ["web-web1", "web-web1-config"],
    ["slurm-share-nfs-nfs-srv", "slurm-share-nfs-config"],
  ])("%s: its gate runs what %s ran, with the same variables", (machine, config) => {
    const run = stdinOf(`${config}-run`) as Run;
    const { run: gate } = stdinOf(`${machine}-gate`) as { run: Run };
    expect(gate.vars).toEqual(run.vars);
    // Other hosts of the same playbook, as login machines, need not be there.
    const groups = ({ inventory }: Run) =>
      (yaml.load(inventory) as { all: { children: Record<string, { vars: Values }> } }).all
        .children;
    expect(groups(run)).toMatchObject(groups(gate));
    for (const { vars } of Object.values(groups(gate))) {
      expect(vars["firewall_rules"]).not.toEqual([]);
    }
  });
});

describe("the state share", () => {
  it("is mounted by the controllers once it is exported to them, and to nobody else", () => {
    expect(find(made, "slurm-share-nfs").inputs).toEqual({
      clients: ["192.168.1.10", "192.168.1.11"],
    });
    const ready = find(made, "slurm-slurm-m1-ready");
    expect(before(made, ready.name)).toContain("slurm-share-nfs-config-run");
    const { mounts } = JSON.parse(plain(ready.inputs["stdin"])) as { mounts: Values[] };
    expect(mounts).toMatchObject([{ source: "192.168.1.12:/slurm_shared", target: "/mnt/slurm" }]);
    expect(mounts[0]?.["options"]).toMatch(/(^|,)hard(,|$)/);
    expect(plain(find(made, "web-web1-ready").inputs["stdin"])).toContain('"mounts":[]');
  });
});

describe("fencing", () => {
  const request = (all: Registration[], hypervisor: string) =>
    JSON.parse(plain(find(all, `slurm-fencing-${hypervisor}-service`).inputs["stdin"])) as Values;

  it("is a service of each hypervisor that has a controller, for that one and by both only", () => {
    const services = made.filter((m) => m.name.endsWith("-service"));
    expect(services.map((s) => s.name)).toEqual([
      "slurm-fencing-hv1-service",
      "slurm-fencing-hv2-service",
    ]);
    expect(request(made, "hv2")).toMatchObject({
      name: "hpc-ha-prod-fence-hv2",
      uri: "qemu:///system",
      address: "192.168.1.3",
      port: 1229,
      sources: ["192.168.1.10", "192.168.1.11"],
      domains: ["hpc-ha-prod-slurm-m2"],
    });
    expect(request(made, "hv2")["ssh"]).toContain("root@hv2.example.org");
  });

  it("is known to both controllers with the hypervisor of each", () => {
    const { vars } = JSON.parse(plain(find(made, "slurm-config-run").inputs["stdin"])) as {
      vars: Values;
    };
    expect(vars["slurm_fence_targets"]).toEqual([
      { machine: "slurm-m1", address: "192.168.1.2", port: 1229, domain: "hpc-ha-prod-slurm-m1" },
      { machine: "slurm-m2", address: "192.168.1.3", port: 1229, domain: "hpc-ha-prod-slurm-m2" },
    ]);
  });

  it("reaches a hypervisor as libvirt does", () => {
    expect(sshOf("qemu+ssh://admin@hv1:2222/system?keyfile=/k").join(" ")).toMatch(
      /^ssh -i \/k -p 2222 .*StrictHostKeyChecking=yes.* admin@hv1$/,
    );
    expect(sshOf("qemu+ssh://hv1/system").at(-1)).toBe("hv1");
    expect(sshOf("qemu:///system")).toEqual([]);
    expect(localUri("qemu+ssh://admin@hv1:2222/system?keyfile=/k")).toBe("qemu:///system");
    expect(localUri("qemu+unix:///system?socket=/s")).toBe("qemu+unix:///system?socket=/s");
  });

  it("is set up by a script that a shell understands, with the key as the controllers have it", async () => {
    const service: FenceServiceRequest = {
      name: "site-fence",
      ssh: [],
      uri: "qemu:///system",
      address: "192.168.1.3",
      port: 1229,
      sources: ["192.168.1.10"],
      domains: ["site-slurm-m2"],
      key: "S0VZ+/==",
    };
    const script = applyScript(service);
    expect(script).toContain("printf %s 'S0VZ+/==' >/etc/site-fence/key\n");
    // With the one that it has by default, a second one on a host takes itself for already running, and ends.
    expect(script).toContain("fence_virtd -F -w -p /run/site-fence/pid ");
    for (const text of [script, removeScript(service)]) await execa("sh", ["-n"], { input: text });
  });
});

const identity: Identity = {
  hostname: "web1",
  mac: "52:54:00:a8:01:15",
  address: "192.168.1.21",
  prefixLength: 24,
  gateway: "192.168.1.1",
  nameservers: [],
  interface: "eth0",
  authorizedKey: "ssh-ed25519 AAAA root",
  hostKey: "ssh-ed25519 BBBB web1",
};

describe("the seed", () => {
  const { userData, metaData, networkConfig } = renderSeed(identity, "PRIVATE\nKEY\n");

  it("fixes address, root's key and the host key before the first boot", () => {
    expect(userData.startsWith("#cloud-config\n")).toBe(true);
    expect(yaml.load(userData)).toMatchObject({
      hostname: "web1",
      ssh_pwauth: false,
      users: [{ name: "root", ssh_authorized_keys: [identity.authorizedKey] }],
      ssh_keys: { ed25519_private: "PRIVATE\nKEY\n", ed25519_public: identity.hostKey },
    });
    expect(yaml.load(networkConfig)).toMatchObject({
      ethernets: {
        site: {
          match: { macaddress: identity.mac },
          "set-name": "eth0",
          addresses: ["192.168.1.21/24"],
          routes: [{ via: "192.168.1.1" }],
        },
      },
    });
    expect(yaml.load(metaData)).toMatchObject({ "instance-id": instanceId(identity) });
  });

  it("asks for nothing that needs a package which a machine does not have", () => {
    expect(yaml.load(userData)).toMatchObject({ locale: false });
  });

  it("makes another instance of a machine that gets another address or key", () => {
    expect(instanceId({ ...identity })).toBe(instanceId(identity));
    expect(instanceId({ ...identity, address: "192.168.1.22" })).not.toBe(instanceId(identity));
    expect(instanceId({ ...identity, authorizedKey: "other" })).not.toBe(instanceId(identity));
  });

  it("is the same whoever wrote the comment of root's key", () => {
    expect(plain(find(made, "web-web1-seed").inputs["stdin"])).toContain("ssh-ed25519 AAAA\\n");
  });

  it("has no secret that is readable in the state, and no other than the host key", () => {
    const stdin = find(made, "web-web1-seed").inputs["stdin"];
    expect(typeof stdin).toBe("object");
    expect(plain(stdin)).not.toContain("secret-");
    for (const { name, inputs } of made) {
      const readable = JSON.stringify(inputs, (_, value: unknown) => (isSecret(value) ? 0 : value));
      expect([name, readable.includes("PRIVATE")]).toEqual([name, false]);
    }
  });
});

describe("what a machine does when it has booted", () => {
  it("is to mount once: at every boot in the background, and now, when whoever needs it must find it there", async () => {
    const mount = { source: "s:/x", target: "/mnt/slurm", options: "hard" };
    const script = prepareScript({
      nameservers: [],
      timeServers: [],
      packages: ["munge"],
      mounts: [mount],
    });
    expect(script).toContain("line='s:/x /mnt/slurm nfs4 hard,_netdev,bg 0 0'");
    expect(script).toContain("mountpoint -q /mnt/slurm || mount -t nfs4 -o hard s:/x /mnt/slurm");
    await execa("sh", ["-n"], { input: script });
  });

  it("is to know its name servers, where nothing else writes the file", async () => {
    const file = path.join(home, "resolv.conf");
    const tell = (to: string) =>
      execa("sh", ["-eu"], { input: resolvConf(["10.0.0.1", "10.0.0.2"], to) });
    await tell(file);
    expect(readFileSync(file, "utf8")).toBe("nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
    writeFileSync(file, "");
    symlinkSync(file, path.join(home, "link"));
    await tell(path.join(home, "link"));
    expect(readFileSync(file, "utf8")).toBe("");
    expect(
      prepareScript({
        nameservers: ["10.0.0.1"],
        timeServers: [],
        packages: ["munge"],
        mounts: [],
      }),
    ).toContain(resolvConf(["10.0.0.1"]));
    expect(plain(find(made, "web-web1-ready").inputs["stdin"])).toContain('"nameservers":["192.');
  });
});

describe("a machine's time", () => {
  it("is asked of whom the config says, by a change that needs no power cycle", async () => {
    const request = (all: Registration[]) =>
      JSON.parse(plain(find(all, "web-web1-ready").inputs["stdin"])) as ReadyRequest;
    const told = await site({}, { network: { bridge: "br0", timeServers: ["192.168.1.1"] } });
    expect(request(told).timeServers).toEqual(["192.168.1.1"]);
    expect(find(told, "hpc-ha-prod-web1-seed").replacementTrigger).toEqual(
      find(await site({}, { network: { bridge: "br0" } }), "hpc-ha-prod-web1-seed")
        .replacementTrigger,
    );
    const script = prepareScript(request(told));
    expect(script).toContain(timesyncd(["192.168.1.1"]));
    await execa("sh", ["-n"], { input: script });
  });
});

describe("a compute node", () => {
  it("promises less memory than its VM has: else slurmctld takes it for broken", () => {
    const { vars } = JSON.parse(plain(find(made, "slurm-config-run").inputs["stdin"])) as {
      vars: { slurm_nodes: { memory_mib: number }[] };
    };
    const domain = find(made, "compute-compute1-domain");
    const memory = Number(domain.inputs["memory"]);
    for (const node of vars.slurm_nodes) {
      expect(node.memory_mib).toBeLessThan(0.96 * memory);
      expect(node.memory_mib).toBeGreaterThan(0.9 * memory);
    }
    // Seen: a VM of 1024 MiB has 960.
    expect(usableMiB(1024)).toBeLessThan(960);
  });
});

function isSecret(value: unknown): value is { value: unknown } {
  return typeof value === "object" && value !== null && "value" in value;
}
const plain = (value: unknown): string => String(isSecret(value) ? value.value : value);
