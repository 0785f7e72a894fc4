import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { SiteCertificates, type SiteCertificatesArgs } from "../../../components/certificates";
import { Entry } from "../../../components/entry";
import { Membership } from "../../../components/entry/membership";
import { Web } from "../../../components/web";
import { family, fleet, machines, site, vips } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, request } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const services = site.services.slice(0, 2);
const certificates = {
  ca: pulumi.output("the CA"),
  web: pulumi.secret("the key of web"),
} as unknown as SiteCertificates;
const makeEntry = () =>
  new Entry("entry", {
    fleet,
    specs: machines.entry,
    settings: {
      interface: "eth0",
      prefixLength: 24,
      services,
      pool: { max: 10, drainSeconds: 300 },
      vips,
      vrrp: site.vrrp,
      patience: 2,
      ports: site.ports,
      redis: machines.redis,
      galera: machines.galera,
    },
    certificates,
    redisPassword: "the password",
  });
const makeWeb = () =>
  new Web("web", {
    fleet,
    specs: machines.web,
    services,
    readySeconds: 60,
    redis: { host: vips.data, port: 6379, password: pulumi.secret("the password") },
    database: {
      host: vips.data,
      port: 3306,
      name: "portal",
      user: "portal",
      password: pulumi.secret("the database's password"),
      ready: pulumi.output("ready"),
    },
    ca: "the CA",
  });

describe("Entry", () => {
  it("is its machines with a gate each, and one run that knows no web node", async () => {
    const made = await registered(makeEntry);
    expect(family(made)).toEqual([
      "entry > entry-config hpc-ha:ansible:AnsibleRun",
      ...[1, 2].flatMap((n) => [
        `entry > entry-haproxy${n} hpc-ha:machine:Machine`,
        `entry > entry-haproxy${n}-gate ${COMMAND}`,
      ]),
      "entry hpc-ha:entry:Entry",
      `entry-config > entry-config-run ${COMMAND}`,
    ]);
    const { vars } = request(made, "entry-config-run");
    expect(vars).toMatchObject({
      entry_services: [
        { name: "auth_portal", port: 4430, path: "/auth", balance: "roundrobin", sticky: false },
        { name: "auth_frontend", port: 4431, path: "/", balance: "leastconn", sticky: false },
      ],
      entry_slots: 20,
      entry_drain_seconds: 300,
      entry_web_vip: "192.168.1.101",
      entry_data_vip: "192.168.1.102",
      entry_router_id: 52,
      entry_patience: 2,
      entry_advert_seconds: 0.5,
      entry_certificate_pem: "the key of web",
      entry_ca: "the CA",
      entry_redis_password: "the password",
      entry_redis_members: [1, 2, 3].map((n) => ({
        name: `redis${n}`,
        address: `192.168.1.13${n}`,
      })),
      entry_galera_check_port: 9200,
    });
    expect(JSON.stringify(vars)).not.toContain("192.168.1.21");
    expect(find(made, "entry").aliases).toEqual(["hpc-ha:haproxy:HaproxyTier::entry"]);
  });
});

describe("Web", () => {
  it("configures each node by itself, all the same way", async () => {
    const made = await registered(makeWeb);
    expect(family(made)).toEqual([
      "web > web-admin random:index/randomPassword:RandomPassword",
      ...[1, 2].flatMap((n) => [
        `web > web-web${n} hpc-ha:machine:Machine`,
        `web > web-web${n}-config hpc-ha:ansible:AnsibleRun`,
        `web > web-web${n}-gate ${COMMAND}`,
      ]),
      "web hpc-ha:web:Web",
      ...[1, 2].map((n) => `web-web${n}-config > web-web${n}-config-run ${COMMAND}`),
    ]);
    const [first, second] = ["web-web1-config-run", "web-web2-config-run"].map((name) =>
      request(made, name),
    );
    expect(first?.["vars"]).toEqual(second?.["vars"]);
    expect(first?.["knownHosts"]).toBe("192.168.1.21 ssh-ed25519 web1\n");
    expect(find(made, "web-web2-config-run").dependsOn).toContain("web-web2-gate");
    expect(first?.["vars"]).toMatchObject({
      web_root: "/opt/hpc-dashboard",
      web_releases: [{ path: "portal/dist" }],
      web_environment: {
        REDIS_HOST: "192.168.1.102",
        REDIS_PASSWORD: "the password",
        REDIS_CA: "/etc/ssl/site-ca.pem",
        DB_PASSWORD: "the database's password",
        PORTAL_ADMIN_USER: "admin",
        PORTAL_ADMIN_PASSWORD: "secret-web-admin",
      },
    });
  });

  it("counts a node that was made anew as healthy when all of its services are", async () => {
    const gate = request(await registered(makeWeb), "web-web1-gate");
    expect(gate).toMatchObject({
      probes: ["http://192.168.1.21:4430/health", "http://192.168.1.21:4431/health"],
      seconds: 60,
    });
  });
});

describe("Membership", () => {
  it("is one command of the entry, after all configuration, updated in place", async () => {
    const made = await registered(() => {
      const [entry, web] = [makeEntry(), makeWeb()];
      new Membership(
        "entry-membership",
        {
          entry,
          web: web.machines,
          services,
          pool: { drainSeconds: 300, readySeconds: 60 },
          patience: 2,
          sshKeyFile: "/key",
        },
        { dependsOn: [...entry.runs, ...web.runs] },
      );
    });
    const command = find(made, "entry-membership-command");
    expect(command.parent).toBe("entry-membership");
    expect(find(made, "entry-membership").parent).toBe("entry");
    expect(command.inputs).toMatchObject({
      create: "node --import tsx programs/membership.ts",
      update: "node --import tsx programs/membership.ts",
    });
    expect(request(made, command.name)).toEqual({
      nodes: machines.entry.map(({ name, address }) => ({ name, address })),
      services: services.map(({ name, port, healthPath }) => ({ name, port, healthPath })),
      wanted: machines.web.map(({ name, address }) => ({ name, address })),
      drainSeconds: 300,
      readySeconds: 60,
      patience: 2,
      ssh: {
        user: "root",
        privateKeyFile: "/key",
        knownHosts: "192.168.1.151 ssh-ed25519 haproxy1\n192.168.1.152 ssh-ed25519 haproxy2\n",
      },
    });
  });
});

describe("SiteCertificates", () => {
  const args: SiteCertificatesArgs = {
    site: "hpc-ha-prod",
    subnet: "192.168.1.0/24",
    webVip: vips.web,
    dataVip: vips.data,
    members: [
      { specs: machines.redis, client: false },
      { specs: machines.galera, client: true },
    ],
  };
  const both = (name: string, host: number, client: boolean) => [
    name,
    { addresses: ["192.168.1.102", `192.168.1.${host}`], client },
  ];
  const data = Object.fromEntries([
    ...[1, 2, 3].map((n) => both(`redis${n}`, 130 + n, false)),
    ...[1, 2, 3].map((n) => both(`galera${n}`, 140 + n, true)),
  ]) as object;

  it("asks for one for the web VIP, and for each machine of the data tier", async () => {
    const made = await registered(() => new SiteCertificates("certificates", args));
    expect(request(made, "certificates-issued")).toEqual({
      site: "hpc-ha-prod",
      subnet: "192.168.1.0/24",
      certificates: { web: { addresses: ["192.168.1.101"], client: false }, ...data },
    });
    expect(find(made, "certificates-issued").inputs).toMatchObject({ logging: "none" });
  });

  it("takes the owner's certificate for the web VIP only", async () => {
    const owner = { chain: "the chain\n\n", key: "the key\n" };
    const seen: unknown[] = [];
    const made = await registered(async () => {
      const certificates = new SiteCertificates("certificates", { ...args, owner });
      const web = await new Promise((resolve) => certificates.web.apply(resolve));
      seen.push(web, await pulumi.isSecret(certificates.web));
    });
    expect(seen).toEqual(["the chain\nthe key\n", true]);
    expect(request(made, "certificates-issued")["certificates"]).toEqual(data);
  });

  it("gives each machine its own, out of an output that is secret", async () => {
    let of: unknown;
    const made = await registered(async () => {
      const own = new SiteCertificates("certificates", args).of([{ name: "redis1" }]);
      of = await new Promise((resolve) => own.apply(resolve));
    });
    expect(of).toEqual({ redis1: "the key of redis1" });
    expect(find(made, "certificates-issued").secretOutputs).toEqual(["stdout"]);
  });
});
