import * as yaml from "js-yaml";
import { z } from "zod";
import { type Around, crossChecks } from "./checks";
import { hostFiles } from "./files";
import { bareKey } from "./sshKeys";
import type { TierPlans } from "./tier";
import { type House, tiersApart } from "./topology";
import type { MachineSize } from "./machine";

export const port = z.int().min(1).max(65535);
/** What a daemon that is not root can listen on. */
export const unprivileged = port.min(1024, "at least 1024: what listens there is not root");
export const seconds = z.number().positive();
const ipv4 = z.ipv4();
const network = z.union([ipv4, z.cidrv4()], "an IPv4 address or network, e.g. 10.1.0.0/16");
export const label = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/, "letters, digits, - and _ only");

const sizeSchema = z.strictObject({
  vcpus: z.int().min(1),
  memoryMiB: z.int().min(128),
  /** Root disk of a VM, GiB; containers have none of their own. Default 20. */
  diskGiB: z.int().min(4).default(20),
  /** Data volume, GiB, of tiers that have one. It is never made smaller or replaced. */
  dataGiB: z.int().min(1).optional(),
});

/** Keys of the site as a whole; the doc comments are the reference for a person. Tiers and drivers add theirs. */
const common = {
  /** The site's subnet, e.g. 192.168.1.0/24. Required. */
  cidr: z.cidrv4(),
  /** Address of a machine or VIP (slurmVip, webVip, dataVip) where the default is not wanted. */
  addresses: z.record(z.string(), ipv4).default({}),
  /** Libvirt URI in which the network is made. Default qemu:///system. */
  libvirtUri: z
    .string()
    .regex(/^[a-z+]+:\/\/[\w.@:/?&=%~-]*$/, "a libvirt URI, e.g. qemu:///system")
    .default("qemu:///system"),
  /** Network interface inside the machines. Default eth0. */
  interface: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,14}$/, "a name of Linux: up to 15 letters, digits, . _ -")
    .default("eth0"),
  ssh: z
    .strictObject({
      /**
       * Private key that this program logs in with as root; `~` is the home of who runs it, and the public key is
       * `<file>.pub`. Default: the one that the set-up makes.
       */
      privateKeyFile: z.string().min(1).optional(),
      /**
       * Public keys of everybody who may log in as root, as text: type, key, name. Default: that of privateKeyFile. It must be
       * among them. Machines that run take a change over in place.
       */
      authorizedKeys: z
        .array(
          z
            .string()
            .refine((key) => bareKey(key) !== undefined, "one line of OpenSSH: type, key, name"),
        )
        .min(1)
        .optional(),
    })
    .prefault({}),
  /**
   * What every time limit of a failover is multiplied by: adverts, heartbeats, health checks, Sentinel's and Galera's. More
   * than 1 where machines stand still for longer than on a quiet hypervisor (overcommitted ones, emulation), which looks
   * like death; a failover then takes that much longer. Default 1: the limits that docs/operations.md explains. Sentinels
   * keep what their set was made with.
   */
  failoverPatience: z.number().min(1).max(20).default(1),
};

/** The keys whose parts come from the tiers. */
function shared(house: House) {
  const { tiers, drivers } = house;
  const names = Object.keys(tiers);
  const members = Object.entries(tiers).flatMap(([name, { members }]) =>
    members ? [[name, z.literal([...members.allowed]).default(members.default)] as const] : [],
  );
  const sizes = Object.entries(tiers).map(([name, { size }]) => {
    const { vcpus, memoryMiB, dataGiB } = sizeSchema.shape;
    const own = sizeSchema.extend({
      vcpus: vcpus.default(size.vcpus),
      memoryMiB: memoryMiB.default(size.memoryMiB),
    });
    const full =
      size.dataGiB === undefined
        ? own.omit({ dataGiB: true })
        : own.extend({ dataGiB: dataGiB.unwrap().default(size.dataGiB) });
    return [name, full.strict().prefault({})] as const;
  });
  const ports = Object.values(tiers).flatMap(({ keys }) =>
    // Only what is below 1024 by default has a right to be: the other daemons are not root.
    Object.entries(keys.ports).map(([name, usual]) => {
      const allowed = usual < 1024 ? port : unprivileged;
      return [name, allowed.default(usual)] as const;
    }),
  );
  return {
    /** How machines are made: `container` (libvirt LXC on this host) or `vm` (KVM). Required. */
    driver: z.enum(Object.keys(drivers)),
    /**
     * Machines of the tiers whose size is fixed. With one of each the site is for trying things on: none of these tiers
     * survives the loss of its machine. Chosen when the site is made: sets that hold data do not shrink or grow
     * later (plan/record.ts).
     */
    members: z.strictObject(Object.fromEntries(members)).prefault({}),
    /** Every port of the site; the tiers say which they have. */
    ports: z.strictObject(Object.fromEntries(ports)).prefault({}),
    /** Sizes by tier; the defaults are the reference site's. */
    sizes: z.strictObject(Object.fromEntries(sizes)).prefault({}),
    firewall: z
      .strictObject({
        /**
         * Where ssh to the machines and HAProxy's statistics are reached from. The machine that runs `pulumi up`
         * must be among them: a machine refuses rules that would lock it out. Default: the first address of
         * the subnet, which is the hypervisor's in a libvirt network.
         */
        adminNetworks: z.array(network).min(1).optional(),
        /** TCP ports to let in besides what the tiers need: users' ssh on `login`, a backup host. Default: none. */
        allow: z
          .array(z.strictObject({ tier: z.enum(names), port, from: z.array(network).min(1) }))
          .default([]),
      })
      .prefault({}),
  };
}

/** Every key of the stack config with its schema. */
function configSchema(house: House): Record<string, z.ZodType> {
  const names = { apart: tiersApart(house), all: Object.keys(house.tiers) };
  return {
    ...Object.assign({}, ...Object.values(house.tiers).map(({ keys }) => keys.settings)),
    ...common,
    ...shared(house),
    ...Object.assign({}, ...Object.values(house.drivers).map((d) => d.settings(names))),
  } as Record<string, z.ZodType>;
}

type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (
  x: infer I,
) => void
  ? I
  : never;
type KeysOf<T extends TierPlans, K extends "ports" | "vips"> = UnionToIntersection<
  { [N in keyof T]: T[N]["keys"][K] }[keyof T]
>;
type Inferred<S extends z.ZodRawShape> = { [K in keyof S]: z.infer<S[K]> };
type SettingsOf<T extends TierPlans> = UnionToIntersection<
  { [N in keyof T]: Inferred<T[N]["keys"]["settings"]> }[keyof T]
>;

/** The validated stack config of these tiers, with all defaults filled in. */
export type ConfigOf<T extends TierPlans> = SettingsOf<T> & {
  [K in keyof typeof common]: z.infer<(typeof common)[K]>;
} & {
  driver: string;
  members: Record<string, number>;
  ports: { [P in keyof KeysOf<T, "ports">]: number };
  sizes: Record<keyof T, MachineSize>;
  firewall: {
    adminNetworks?: string[];
    allow: { tier: string; port: number; from: string[] }[];
  };
};
/** Names of the virtual addresses of these tiers. */
export type VipOf<T extends TierPlans> = keyof KeysOf<T, "vips"> & string;

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

/**
 * Validates raw stack config (keys without the project prefix, values as Pulumi hands them over:
 * scalars as text, objects as JSON).
 * @throws ConfigError with every fault: key, value, what is allowed.
 */
export function parseConfig<T extends TierPlans>(
  house: House<T>,
  raw: Record<string, string>,
  around: Around = { files: hostFiles },
): ConfigOf<T> {
  const schema = configSchema(house);
  const faults: string[] = [];
  for (const key of Object.keys(raw)) {
    if (!Object.hasOwn(schema, key)) {
      faults.push(`${key}: unknown key; allowed: ${Object.keys(schema).join(", ")}`);
    }
  }
  const site: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(schema)) {
    const value = parseValue(raw[key]);
    const result = type.safeParse(value);
    if (result.success) site[key] = result.data;
    else faults.push(...result.error.issues.map((issue) => describe(key, value, issue)));
  }
  faults.push(...crossChecks(house, schema, site, around));
  if (faults.length > 0) throw new ConfigError(faults);
  return site as ConfigOf<T>;
}

function parseValue(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return yaml.load(text, { schema: yaml.JSON_SCHEMA });
  } catch {
    return text;
  }
}

/** Values that are secrets: they are in no message. */
const SECRET = /^(webhook|jsonWebhook|password|privateKey)$/;

function describe(key: string, value: unknown, issue: z.core.$ZodIssue): string {
  const where = [key, ...issue.path.map(String)].join(".");
  const at = issue.path.reduce<unknown>(
    (v, p) => (v as Record<PropertyKey, unknown> | undefined)?.[p],
    value,
  );
  const got = at === undefined ? "is missing" : `= ${shown(where.split(".").at(-1) ?? "", at)}`;
  return `${where} ${got}: ${issue.message}`;
}

function shown(key: string, value: unknown): string {
  // A text that should have been more than a text may have them in it.
  const hidden = typeof value === "string" && (SECRET.test(key) || /webhook|password/i.test(value));
  if (hidden) return "(a secret)";
  return JSON.stringify(value, (name, part: unknown) => (SECRET.test(name) ? "(a secret)" : part));
}
