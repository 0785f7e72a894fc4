import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { tiers } from "../../components/tiers";
import { changeFrom, of01 } from "../support/lineage";
import { type Registration, registrations } from "../support/mocked";
import { Certificates, server } from "../support/ownCertificate";
import {
  configOf,
  find,
  plain,
  request,
  runOf,
  temporaryHome,
  type Values,
} from "../support/referenceSite";

temporaryHome();
/** The whole program on the lab's config with changes. */
const lab = (changes: Values = {}) => registrations({ ...configOf("lab"), ...changes }, "lab");

let two: Registration[];
let three: Registration[];
beforeAll(async () => {
  two = await lab();
  three = await lab({ webReplicas: "3" });
});

const runs = (all: Registration[]) => all.filter((m) => m.name.endsWith("-config"));

describe("the program", () => {
  it("makes every machine of the site, at its address, on the site's network", () => {
    const containers = two.filter((m) => m.type === "test:machine:Container");
    expect(containers.map((c) => c.inputs["hostname"])).toHaveLength(15);
    expect(find(two, "controllers-slurm-m2-container").inputs).toMatchObject({
      domain: "hpc-ha-lab-slurm-m2",
      address: "198.18.1.11",
      prefixLength: 24,
      gateway: "198.18.1.1",
      mac: "52:54:00:12:01:0b",
      network: "hpc-ha-lab",
      mounts: [{ target: "/mnt/slurm" }],
    });
    expect(find(two, "site-network").inputs).toMatchObject({
      addresses: ["198.18.1.0/24"],
      mode: "none",
    });
  });

  it("runs each tier's playbook over all of its machines", () => {
    expect(
      runs(three)
        .map(({ name }) => `${name}: ${String(runOf(three, name)["playbook"])}`)
        .sort(),
    ).toEqual([
      "compute-config: compute.yml",
      "controllers-config: controllers.yml",
      "entry-config: entry.yml",
      "galera-config: galera.yml",
      "login-config: login.yml",
      "redis-config: redis.yml",
      "web-config: web.yml",
    ]);
  });

  it("gives every run its own tier's firewall", () => {
    for (const { name } of runs(two)) {
      const { playbook, inventory, vars } = runOf(two, name) as {
        playbook: string;
        inventory: string;
        vars: Values;
      };
      const tier = playbook.replace(".yml", "");
      expect(tiers).toHaveProperty(tier);
      const { all } = yaml.load(inventory) as { all: { children: Values } };
      expect([name, Object.keys(all.children)]).toEqual([name, [tier]]);
      expect(JSON.stringify(vars["base_firewall_rules"])).toContain('"ssh"');
    }
  });

  it("changes nothing but the new node, the membership and the files when the pool grows", () => {
    // What is wanted decides, where it is said: what else a program is told is no reason to run it.
    const told = ({ inputs }: Registration) => JSON.stringify(inputs["wanted"] ?? inputs);
    const before = new Map(two.map((m) => [m.name, told(m)]));
    const changed = three.filter((m) => before.get(m.name) !== told(m));
    expect(changed.map((m) => m.name).sort()).toEqual([
      "entry-membership",
      "files-inventory.yml",
      "files-known_hosts",
      "web-config",
      "web-web3",
      "web-web3-container",
    ]);
    const wanted = (all: Registration[]) => find(all, "web-config").inputs["wanted"] as Values;
    expect(wanted(three)).toEqual({ ...wanted(two), web3: expect.any(String) as string });
  });

  it("wants the pool's nodes, and no others, in the membership", () => {
    expect(request(three, "entry-membership")).toMatchObject({
      nodes: [{ name: "haproxy1" }, { name: "haproxy2" }],
      wanted: [
        { name: "web1", address: "198.18.1.21" },
        { name: "web2", address: "198.18.1.22" },
        { name: "web3", address: "198.18.1.23" },
      ],
      drainSeconds: 30,
    });
    expect(find(three, "entry-membership").dependsOn).toEqual(
      expect.arrayContaining(["entry-config", "web-config"]),
    );
  });

  it("gives each machine of the data tier its own key, the entry the web VIP's, and nobody the CA's", () => {
    const keys = (run: string) =>
      [...plain(find(two, run).inputs["request"]).matchAll(/the key of [\w ]+/g)].map(String);
    expect(Object.fromEntries(runs(two).map(({ name }) => [name, keys(name)]))).toEqual({
      "redis-config": [1, 2, 3].map((n) => `the key of redis${n}`),
      "galera-config": [1, 2, 3].map((n) => `the key of galera${n}`),
      "entry-config": ["the key of web"],
      "controllers-config": [],
      "compute-config": [],
      "login-config": [],
      "web-config": [],
    });
  });

  it("has the owner's certificate where the web VIP's is, and users verify with it", async () => {
    const made = new Certificates();
    await made.make("owner", undefined, server("DNS:portal.example.org"));
    const tls = { certificateFile: made.file("owner.pem"), keyFile: made.file("owner.key") };
    const all = await lab({ tls });
    expect(runOf(all, "entry-config").vars).toMatchObject({
      entry_certificate_pem: made.read("owner.pem") + made.read("owner.key"),
      entry_ca: "the CA",
    });
    expect(plain(find(all, "files-ca.pem").inputs["stdin"])).toBe(made.read("owner.pem"));
    made.remove();
  });

  it("takes a stack of release 0.1 over as it is; new are only the record, the releases, Redis' users, the login machine's own, existing nodes, and what is compared with the machines", () => {
    // What they do to machines is a program's when it runs, and their end does nothing to any.
    const runs = /AnsibleRun|::entry-membership|-gate$/;
    const { lost, added } = changeFrom(of01("lab"), two);
    expect(lost.filter((identity) => !runs.test(identity))).toEqual([]);
    expect(added.filter((name) => !/-(config|gate|membership)$/.test(name ?? ""))).toEqual([
      "record",
      "login",
      "web-releases",
      "redis-admin-password",
      "redis-replica-password",
      "redis-sentinel-password",
      expect.stringMatching(/^web-releases-[0-9a-f]{12}-[0-9a-f]{8}$/) as string,
      "web-releases-layer",
      "controllers-accounts",
      "external-nodes",
    ]);
  });

  it("keeps every secret out of plain inputs", () => {
    const secrets = ["secret-redis-password", "secret-galera-portal-password", "the key of"];
    for (const secret of secrets) {
      expect([secret, two.some((m) => plainText(m.inputs, false).includes(secret))]).toEqual([
        secret,
        true,
      ]);
    }
    for (const { name, inputs } of two) {
      for (const secret of secrets) {
        expect([name, plainText(inputs, true).includes(secret)]).toEqual([name, false]);
      }
    }
  });

  it("takes a stack's name of up to 54 characters, and refuses a longer one before it makes anything", async () => {
    const of = (length: number) => registrations(configOf("lab"), "s".repeat(length));
    const made = await of(54);
    const { site } = request(made, "certificates-issued") as { site: string };
    expect(`${site} CA`).toHaveLength(64);
    const all: Registration[] = [];
    await expect(of(55).then((m) => all.push(...m))).rejects.toThrow(
      `the stack's name, "${"s".repeat(55)}", has 55 characters: at most 54 are allowed`,
    );
    expect(all).toEqual([]);
  });

  it("refuses a bad config before it makes anything", async () => {
    const made: Registration[] = [];
    const refused = lab({ webReplicas: "1" }).then((all) => made.push(...all));
    await expect(refused).rejects.toThrow("webReplicas = 1: allowed is 2 to 10");
    expect(made).toEqual([]);
  });
});

/** Inputs as text. A secret arrives wrapped; what is left after taking those out is readable in the state. */
const plainText = (inputs: Values, withoutSecrets: boolean): string =>
  JSON.stringify(inputs, (_, value: unknown) =>
    typeof value === "object" && value !== null && pulumi.runtime.specialSigKey in value
      ? withoutSecrets
        ? undefined
        : plain(value)
      : value,
  );
