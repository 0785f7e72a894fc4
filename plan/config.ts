import { accessSync, constants } from "node:fs";
import { parseCIDR } from "ipaddr.js";
import * as yaml from "js-yaml";
import { z } from "zod";
import { contains, hostNumber, inSubnet } from "./addresses";
import { checkAddresses, ROLES } from "./topology";
import { checkVm, vmSchema } from "./vmConfig";

const count = z.int().min(0);
const port = z.int().min(1).max(65535);
const seconds = z.number().positive();
const ipv4 = z.ipv4();
const network = z.union([ipv4, z.cidrv4()], "an IPv4 address or network, e.g. 10.1.0.0/16");
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "letters, digits, - and _ only");

/** One web service that runs on every web node, from one systemd template. */
const serviceSchema = z.strictObject({
  /** Unit, directory and HAProxy backend name. */
  name,
  /** TCP port on the web node; unique among the services. */
  port,
  /** Public path prefix; the longest prefix wins and the path is passed on unchanged. */
  path: z.string().regex(/^\/[\w/-]*$/, "an absolute path"),
  /** HAProxy balancing algorithm. Default leastconn (requirements: `roundrobin` for auth only). */
  balance: z.enum(["roundrobin", "leastconn"]).default("leastconn"),
  /** Keep a client on its server with an inserted SERVERID cookie. Default false. */
  sticky: z.boolean().default(false),
  /** Path that HAProxy checks. Default /health. */
  healthPath: z.string().startsWith("/").default("/health"),
  /** What to deploy: a directory of the control machine, or a git repository at a version. */
  source: z.union([
    z.strictObject({ path: z.string().min(1) }),
    z.strictObject({ git: z.string().min(1), version: z.string().min(1) }),
  ]),
  /** Shell command run once per version in the service's directory. Default: nothing to build. */
  build: z.string().optional(),
  /** Command that stays in the foreground and serves on `port`. */
  start: z.string().min(1),
  /** Further variables of the service's `.env`. */
  environment: z.record(z.string(), z.string()).default({}),
});
export type ServiceConfig = z.infer<typeof serviceSchema>;

const sizeShape = (vcpus: number, memoryMiB: number) => ({
  vcpus: z.int().min(1).default(vcpus),
  memoryMiB: z.int().min(128).default(memoryMiB),
  /** Root disk of a VM, GiB; containers have none of their own. Default 20. */
  diskGiB: z.int().min(4).default(20),
});
const size = (vcpus: number, memoryMiB: number) =>
  z.strictObject(sizeShape(vcpus, memoryMiB)).prefault({});

/** The schema of every stack-config key; the doc comments are the reference for a person. */
const schema = {
  /** Size of the web pool. The one number that scales it; web.min <= n <= web.max. Required. */
  webReplicas: z.int("allowed is a whole number from web.min to web.max"),
  web: z
    .strictObject({
      /** Smallest pool. Default 2 (requirements: one may fail). */
      min: z.int().min(1).default(2),
      /** Largest pool and number of HAProxy slots; up to 79 fit the default addresses. Default 10. */
      max: z.int().min(1).max(500).default(10),
      /** Address of web1; those of the others follow. Default: host number 21 of the subnet. */
      firstAddress: ipv4.optional(),
      /** Longest wait for connections to end before a node is taken out, s. Default 300. */
      drainSeconds: seconds.default(300),
      /** Longest wait for a new node to answer its health check, s. Default 60. */
      readySeconds: seconds.default(60),
    })
    .prefault({}),
  /** The site's subnet, e.g. 192.168.1.0/24. Required. */
  cidr: z.cidrv4(),
  /** Address of a machine or VIP (slurmVip, webVip, dataVip) where the default is not wanted. */
  addresses: z.record(z.string(), ipv4).default({}),
  /** How machines are made: `container` (libvirt LXC on this host) or `vm` (KVM). Required. */
  driver: z.enum(["container", "vm"]),
  /** Libvirt URI in which the network is made. Default qemu:///system. */
  libvirtUri: z.string().default("qemu:///system"),
  /** Network interface inside the machines. Default eth0. */
  interface: z.string().default("eth0"),
  ssh: z
    .strictObject({
      /** Private key for root on the machines; the public key is `<file>.pub`. */
      privateKeyFile: z.string().min(1),
    })
    .optional(),
  /** The owner's certificate for the web VIP (PEM files). Default: one signed by a generated CA. */
  tls: z
    .strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) })
    .optional(),
  slurm: z
    .strictObject({
      clusterName: name.default("hpc"),
      partition: name.default("main"),
      /** Number of compute nodes that this program runs. Default 2. */
      computeNodes: count.max(20).default(2),
      /** VRRP router id of the Slurm VIP. Default 51 (the owner's figure). */
      routerId: z.int().min(1).max(255).default(51),
      /** Slurm's ProctrackType. Default cgroup; containers need linuxproc. */
      proctrack: z.string().default("proctrack/cgroup"),
      /** Slurm's TaskPlugin. Default cgroup; containers need none. */
      taskPlugin: z.string().default("task/cgroup"),
    })
    .prefault({}),
  /**
   * Machines of the sets whose size is fixed. With one of each the site is for trying things on: none of these tiers
   * survives the loss of its machine. Chosen when the site is made: sets do not shrink or grow later.
   */
  members: z
    .strictObject({
      /** Default 3: a majority outlives the loss of one. */
      redis: z.literal([1, 3]).default(3),
      /** Default 3, likewise. */
      galera: z.literal([1, 3]).default(3),
      /** Default 2: one takes the VIPs over from the other. */
      entry: z.literal([1, 2]).default(2),
      /** Login machine. Default 1; users may log in on a machine of their own instead. */
      login: z.literal([0, 1]).default(1),
    })
    .prefault({}),
  /**
   * What every time limit of a failover is multiplied by: adverts, heartbeats, health checks, Sentinel's and Galera's. More
   * than 1 where machines stand still for longer than on a quiet hypervisor (overcommitted ones, emulation), which looks
   * like death; a failover then takes that much longer. Default 1: the limits that docs/operations.md explains. Sentinels
   * keep what their set was made with.
   */
  failoverPatience: z.number().min(1).max(20).default(1),
  vrrp: z
    .strictObject({
      /**
       * VRRPv3 advertisement interval, s. Default 0.25: three and a half of them (0.75-0.9 s) until a VIP moves; with
       * 0.3 it is just above the second that the web VIP may take (measured).
       */
      advertSeconds: z.number().min(0.1).max(10).default(0.25),
      /** VRRP router id of the web and data VIPs. Default 52. */
      entryRouterId: z.int().min(1).max(255).default(52),
    })
    .prefault({}),
  ports: z
    .strictObject({
      http: port.default(80),
      https: port.default(443),
      /** HAProxy's statistics page. Default 8404 (requirements). */
      stats: port.default(8404),
      /** Read-only HAProxy socket for the other HAProxy node. */
      haproxyPeer: port.default(8405),
      redis: port.default(6379),
      sentinel: port.default(26379),
      mysql: port.default(3306),
      galeraReplication: port.default(4567),
      galeraIst: port.default(4568),
      galeraSst: port.default(4444),
      /** HTTP answer "this node is synced" on each Galera node. */
      galeraCheck: port.default(9200),
      slurmctld: port.default(6817),
      slurmd: port.default(6818),
      slurmdbd: port.default(6819),
      /** fence_virtd of the hypervisor, for the Slurm controllers. */
      fence: port.default(1229),
      /**
       * Where a running srun listens, first and last. Each needs 3 ports, and 2 more for every 48 nodes
       * (slurm.conf(5)). Default 61000-63999: 600 at a time, above what Linux gives to outgoing connections.
       */
      srunFirst: port.default(61000),
      srunLast: port.default(63999),
    })
    .prefault({}),
  firewall: z
    .strictObject({
      /**
       * Where ssh to the machines and HAProxy's statistics are reached from. The machine that runs `pulumi up`
       * must be among them: a machine refuses rules that would lock it out. Default: the first address of
       * the subnet, which is the hypervisor's in a libvirt network.
       */
      adminNetworks: z.array(network).min(1).optional(),
      /** TCP ports to let in besides what the tiers need: users' ssh on `client`, a backup host. Default: none. */
      allow: z
        .array(z.strictObject({ role: z.enum(ROLES), port, from: z.array(network).min(1) }))
        .default([]),
    })
    .prefault({}),
  /** Sizes per role; the defaults are the reference site's. */
  sizes: z
    .strictObject({
      controllers: size(8, 32768),
      compute: size(4, 8192),
      login: size(2, 2048),
      redis: size(2, 4096),
      galera: size(4, 8192),
      entry: size(2, 2048),
      web: size(4, 8192),
      /** Machine of the state share (driver vm). */
      share: z
        .strictObject({
          ...sizeShape(4, 16384),
          /** Data volume, GiB. It is never made smaller or replaced. Default 100. */
          dataGiB: z.int().min(1).default(100),
        })
        .prefault({}),
    })
    .prefault({}),
  /** What machines of the `vm` driver need; see vmConfig.ts. Required with it. */
  vm: vmSchema.optional(),
  /** The web services of each node. Required, at least one. */
  services: z.array(serviceSchema).min(1),
};

type Schema = typeof schema;
/** The validated stack config, with all defaults filled in. */
export type SiteConfig = { [K in keyof Schema]: z.infer<Schema[K]> };

/** Every fault of a stack config at once; nothing has been touched when it is thrown. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    const n = faults.length;
    super(
      `The stack config has ${n} fault${n === 1 ? "" : "s"}; nothing was changed:\n` +
        faults.map((f) => `  - ${f}`).join("\n"),
    );
    this.name = "ConfigError";
  }
}

/** The seam to the file system, so that validation stays testable. Throws when not readable. */
export type ReadableCheck = (file: string) => void;
const readable: ReadableCheck = (file) => accessSync(file, constants.R_OK);

/**
 * Validates raw stack config (keys without the project prefix, values as Pulumi hands them over:
 * scalars as text, objects as JSON).
 * @throws ConfigError with every fault: key, value, what is allowed.
 */
export function parseConfig(raw: Record<string, string>, check = readable): SiteConfig {
  const faults: string[] = [];
  for (const key of Object.keys(raw)) {
    if (!(key in schema)) {
      faults.push(`${key}: unknown key; allowed: ${Object.keys(schema).join(", ")}`);
    }
  }
  const site: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(schema) as [keyof Schema, z.ZodType][]) {
    const value = parseValue(raw[key]);
    const result = type.safeParse(value);
    if (result.success) site[key] = result.data;
    else faults.push(...result.error.issues.map((issue) => describe(key, value, issue)));
  }
  faults.push(...crossChecks(site, check));
  if (faults.length > 0) throw new ConfigError(faults);
  return site as SiteConfig;
}

function parseValue(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return yaml.load(text, { schema: yaml.JSON_SCHEMA });
  } catch {
    return text;
  }
}

function describe(key: string, value: unknown, issue: z.core.$ZodIssue): string {
  const where = [key, ...issue.path.map(String)].join(".");
  const at = issue.path.reduce<unknown>(
    (v, p) => (v as Record<PropertyKey, unknown> | undefined)?.[p],
    value,
  );
  const got = at === undefined ? "is missing" : `= ${JSON.stringify(at)}`;
  return `${where} ${got}: ${issue.message}`;
}

/** Rules that span keys; each looks only at keys that were valid by themselves. */
function crossChecks(site: Partial<SiteConfig>, check: ReadableCheck): string[] {
  const faults: string[] = [];
  const { web, webReplicas: n } = site;
  if (web && web.min > web.max) {
    faults.push(`web.min = ${web.min}: must not be above web.max = ${web.max}`);
  } else if (web && n !== undefined && (n < web.min || n > web.max)) {
    faults.push(`webReplicas = ${n}: allowed is ${web.min} to ${web.max} (web.min, web.max)`);
  }
  if (site.services) faults.push(...checkServices(site.services));
  // Without the key it is undefined, with a bad value it is not there.
  if (site.driver && "vm" in site) faults.push(...checkVm(site.driver, site.vm));
  if (site.cidr) {
    const prefix = parseCIDR(site.cidr)[1];
    if (prefix > 24 || hostNumber(site.cidr) !== 0) {
      faults.push(`cidr = "${site.cidr}": must be a network address of /24 or larger`);
    } else {
      const inside = {
        ...Object.fromEntries(
          Object.entries(site.addresses ?? {}).map(([k, v]) => [`addresses.${k}`, v]),
        ),
        "web.firstAddress": web?.firstAddress,
      };
      const out = site.vm?.network.gateway;
      if (out !== undefined && !contains(site.cidr, out)) {
        faults.push(`vm.network.gateway = "${out}": must be inside ${site.cidr}`);
      }
      for (const [key, address] of Object.entries(inside)) {
        if (address !== undefined && !inSubnet(address, site.cidr)) {
          faults.push(`${key} = "${address}": must be inside ${site.cidr}`);
        }
      }
      const { cidr, slurm, members, driver, libvirtUri } = site;
      if (web && slurm && members && driver && libvirtUri) {
        const { addresses = {}, vm } = site;
        const planned = { cidr, slurm, members, driver, libvirtUri, addresses, vm, web };
        faults.push(...checkAddresses(planned, web.max));
      }
    }
  }
  if (site.ports && site.ports.srunFirst > site.ports.srunLast) {
    const { srunFirst, srunLast } = site.ports;
    faults.push(`ports.srunFirst = ${srunFirst}: must not be above ports.srunLast = ${srunLast}`);
  }
  if (site.slurm && site.vrrp && site.slurm.routerId === site.vrrp.entryRouterId) {
    faults.push(`slurm.routerId = ${site.slurm.routerId}: must differ from vrrp.entryRouterId`);
  }
  const files = {
    "ssh.privateKeyFile": site.ssh?.privateKeyFile,
    "tls.certificateFile": site.tls?.certificateFile,
    "tls.keyFile": site.tls?.keyFile,
  };
  for (const [key, file] of Object.entries(files)) {
    if (file === undefined) continue;
    try {
      check(file);
    } catch (e) {
      faults.push(`${key} = "${file}": must be a readable file (${(e as Error).message})`);
    }
  }
  return faults;
}

function checkServices(services: ServiceConfig[]): string[] {
  const faults: string[] = [];
  for (const field of ["name", "port", "path"] as const) {
    const seen = new Map<string | number, string>();
    services.forEach((s, i) => {
      const other = seen.get(s[field]);
      if (other !== undefined) {
        faults.push(
          `services.${i}.${field} = ${JSON.stringify(s[field])}: already used by ${other}; must be unique`,
        );
      }
      seen.set(s[field], s.name);
    });
  }
  return faults;
}
