import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CertificateRequest } from "../../programs/certificates";
import { buildPortal } from "../../portal/build";
import { issued } from "../support/issued";

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

// The driver's code is serialised into the state, which needs it as node loads it, not as the tests do.
vi.mock("../../drivers/container/container", () => ({
  Container: class extends pulumi.CustomResource {
    declare readonly address: pulumi.Output<string>;
    declare readonly hostKey: pulumi.Output<string>;
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
      super(CONTAINER, name, { ...args, hostKey: undefined }, opts);
    }
  },
}));
vi.mock("../../drivers/container/fenceDaemon", () => ({
  FenceDaemon: class extends pulumi.CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
      super(FENCE_DAEMON, name, args, opts);
    }
  },
}));
const CONTAINER = "test:machine:Container";
const FENCE_DAEMON = "test:machine:FenceDaemon";
// Pulumi's mocks have no transforms; test/preview has it with the engine.
vi.mock("../../policy/enforce", () => ({ enforcePolicy: () => undefined }));

const home = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
const key = path.join(home, "key");
const root = path.join(__dirname, "..", "..");
let made: Made[] = [];

beforeAll(async () => {
  await buildPortal();
  mkdirSync(path.join(home, "images", "rootfs"), { recursive: true });
  process.env["HPC_HA_HOME"] = home;
  writeFileSync(key, "");
  writeFileSync(`${key}.pub`, "ssh-ed25519 AAAA test\n");
});
afterAll(() => rmSync(home, { recursive: true }));

/** Resources that nothing else waits for: with them all are there. */
const LAST = [
  "redis-config-run",
  "compute-config-run",
  "entry-membership-command",
  "files-inventory.yml",
  "files-known_hosts",
  "files-ca.pem",
];

/** Runs the program on the lab's config with changes, without Pulumi's engine. */
async function run(changes: Record<string, unknown> = {}): Promise<void> {
  const lab = yaml.load(readFileSync(path.join(root, "Pulumi.lab.yaml"), "utf8"));
  const config = {
    ...(lab as { config: Record<string, unknown> }).config,
    "hpc-ha:ssh": { privateKeyFile: key },
    ...Object.fromEntries(Object.entries(changes).map(([k, v]) => [`hpc-ha:${k}`, v])),
  };
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)]),
    ),
  );
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const known = inputs as Record<string, unknown>;
        made.push({ type, name, inputs: known });
        const stdout = String(known["create"]).includes("certificateMaker.ts")
          ? JSON.stringify(issued(plain(known["stdin"])))
          : `${name}: done`;
        return {
          id: name,
          state: { ...known, hostKey: `ssh-ed25519 ${name}`, result: `secret-${name}`, stdout },
        };
      },
      call: () => ({}),
    },
    "hpc-ha",
    "lab",
    false,
  );
  vi.resetModules();
  await import("../../index.js");
  await vi.waitUntil(() => LAST.every((name) => made.some((m) => m.name === name)), 15_000);
  await pulumi.runtime.disconnect();
}

beforeEach(() => (made = []));

const ofType = (type: string) => made.filter((m) => m.type === type);
const containers = () => ofType(CONTAINER);
const plain = (value: unknown): string => {
  const secret = value as { value?: unknown } | string | undefined;
  return typeof secret === "object" ? String(secret.value) : String(secret);
};
const stdinOf = (name: string) =>
  JSON.parse(plain(made.find((m) => m.name === name)?.inputs["stdin"])) as Record<string, unknown>;

describe("the program", () => {
  it("makes every machine of the site, at its address, on the site's network", async () => {
    await run();
    expect(containers().map((c) => c.inputs["hostname"])).toHaveLength(15);
    expect(containers().find((c) => c.name === "slurm-slurm-m2-container")?.inputs).toMatchObject({
      domain: "hpc-ha-lab-slurm-m2",
      address: "198.18.1.11",
      prefixLength: 24,
      gateway: "198.18.1.1",
      mac: "52:54:00:12:01:0b",
      network: "hpc-ha-lab",
      mounts: [{ target: "/mnt/slurm" }],
    });
    expect(ofType("libvirt:index/network:Network")[0]?.inputs).toMatchObject({
      addresses: ["198.18.1.0/24"],
      mode: "none",
    });
  });

  it("runs each tier's playbook once, and the web playbook once for each node", async () => {
    await run({ webReplicas: "4" });
    const playbooks = made.flatMap(({ name }) =>
      /-config-run$/.test(name) ? [`${name}: ${String(stdinOf(name)["playbook"])}`] : [],
    );
    expect(playbooks.sort()).toEqual([
      "compute-config-run: slurm-nodes.yml",
      "entry-config-run: entry.yml",
      "galera-config-run: galera.yml",
      "redis-config-run: redis.yml",
      "slurm-config-run: controllers.yml",
      "web-web1-config-run: web.yml",
      "web-web2-config-run: web.yml",
      "web-web3-config-run: web.yml",
      "web-web4-config-run: web.yml",
    ]);
  });

  it("changes nothing but the new nodes, the membership and the files when the pool grows", async () => {
    await run();
    const before = new Map(made.map((m) => [m.name, JSON.stringify(m.inputs)]));
    made = [];
    await run({ webReplicas: "3" });
    const changed = made.filter(({ name, inputs }) => before.get(name) !== JSON.stringify(inputs));
    expect(changed.map((m) => m.name).sort()).toEqual([
      "entry-membership-command",
      "files-inventory.yml",
      "files-known_hosts",
      "web-web3",
      "web-web3-config",
      "web-web3-config-run",
      "web-web3-container",
    ]);
  });

  it("wants the pool's nodes, and no others, in the membership", async () => {
    await run({ webReplicas: "3" });
    expect(stdinOf("entry-membership-command")).toMatchObject({
      nodes: [{ name: "haproxy1" }, { name: "haproxy2" }],
      wanted: [
        { name: "web1", address: "198.18.1.21" },
        { name: "web2", address: "198.18.1.22" },
        { name: "web3", address: "198.18.1.23" },
      ],
      drainSeconds: 30,
    });
  });

  it("lets the controllers, and nobody else, switch each other off", async () => {
    await run();
    expect(ofType(FENCE_DAEMON).map((f) => f.inputs)).toMatchObject([
      {
        address: "198.18.1.1",
        sources: ["198.18.1.10", "198.18.1.11"],
        domains: ["hpc-ha-lab-slurm-m1", "hpc-ha-lab-slurm-m2"],
      },
    ]);
  });

  it("gives each machine of the data tier its own key, everybody the CA, and nobody the CA's key", async () => {
    await run();
    expect(stdinOf("certificates-issued")).toEqual({
      site: "hpc-ha-lab",
      subnet: "198.18.1.0/24",
      certificates: {
        web: { addresses: ["198.18.1.101"], client: false },
        redis1: { addresses: ["198.18.1.102", "198.18.1.131"], client: false },
        redis2: { addresses: ["198.18.1.102", "198.18.1.132"], client: false },
        redis3: { addresses: ["198.18.1.102", "198.18.1.133"], client: false },
        galera1: { addresses: ["198.18.1.102", "198.18.1.141"], client: true },
        galera2: { addresses: ["198.18.1.102", "198.18.1.142"], client: true },
        galera3: { addresses: ["198.18.1.102", "198.18.1.143"], client: true },
      },
    });
    const keys = (run: string) =>
      [
        ...plain(made.find((m) => m.name === run)?.inputs["stdin"]).matchAll(/the key of [\w ]+/g),
      ].map(String);
    expect(keys("redis-config-run")).toEqual([1, 2, 3].map((n) => `the key of redis${n}`));
    expect(keys("galera-config-run")).toEqual([1, 2, 3].map((n) => `the key of galera${n}`));
    expect(keys("entry-config-run")).toEqual(["the key of web"]);
    expect([keys("slurm-config-run"), keys("web-web1-config-run")]).toEqual([[], []]);
    const file = "/etc/ssl/site-ca.pem";
    expect(stdinOf("web-web1-config-run")["vars"]).toMatchObject({
      web_ca: "the CA",
      web_ca_file: file,
      web_environment: { REDIS_CA: file, DB_CA: file },
    });
  });

  it("takes the owner's certificate for the web VIP only", async () => {
    const certificateFile = path.join(home, "owner.pem");
    writeFileSync(certificateFile, "the owner's chain\n");
    await run({ tls: { certificateFile, keyFile: key } });
    const { certificates } = stdinOf("certificates-issued") as unknown as CertificateRequest;
    expect(Object.keys(certificates)).toHaveLength(6);
    expect(certificates).not.toHaveProperty("web");
    expect(stdinOf("entry-config-run")["vars"]).toMatchObject({
      entry_certificate_pem: "the owner's chain\n\n",
      entry_ca: "the CA",
    });
    expect(plain(made.find((m) => m.name === "files-ca.pem")?.inputs["stdin"])).toBe(
      "the owner's chain\n",
    );
  });

  it("keeps every secret out of plain inputs", async () => {
    await run();
    const secrets = ["secret-redis-password", "secret-galera-portal-password", "the key of"];
    for (const { name, inputs } of made) {
      // A secret arrives wrapped; what is left after taking those out is readable in the state.
      const readable = JSON.stringify(inputs, (_, value: unknown) =>
        typeof value === "object" && value !== null && pulumi.runtime.specialSigKey in value
          ? undefined
          : value,
      );
      for (const secret of secrets)
        expect([name, readable.includes(secret)]).toEqual([name, false]);
    }
  });

  it("refuses a bad config before it makes anything", async () => {
    await expect(run({ webReplicas: "1" })).rejects.toThrow("webReplicas = 1: allowed is 2 to 10");
    expect(made).toEqual([]);
  });
});
