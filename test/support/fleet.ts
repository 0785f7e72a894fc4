import * as pulumi from "@pulumi/pulumi";
import type { Fleet } from "../../components/ansible";
import { plan } from "../../components/house";
import { type TierName, tiers, type Topology } from "../../components/tiers";
import type { Driver, SetArgs } from "../../drivers/driver";
import { Machine } from "../../drivers/machine";
import type { Rule } from "../../plan/rule";
import type { SiteFacts } from "../../rollout/roll";
import { configOf } from "./referenceSite";
import { parsed } from "./site";
import type { Registration } from "./mocked";

/** What a set of machines was asked for. */
export type Asked = SetArgs & { name: string };

/**
 * Machines that are there as soon as they are asked for, without a hypervisor.
 * @param gated whether their sets have gates, as those of VMs have
 * @param asked gets what each set was asked for
 * @param made how often its machines were made
 */
export function fleetOf(gated: boolean, asked: Asked[] = [], made = "first"): Fleet {
  const driver: Driver = {
    set: (name, args, opts) => {
      asked.push({ ...args, name });
      const { specs, gate, formerly } = args;
      const aliased = { ...opts, ...(formerly && { aliases: [formerly.machine] }) };
      const machines = specs.map(
        (spec) =>
          new Machine(
            `${name}-${spec.name}`,
            spec,
            () => ({
              address: pulumi.output(spec.address),
              hostKey: pulumi.output(`ssh-ed25519 ${spec.name}`),
              incarnation: pulumi.output(`${made} ${spec.name}`),
            }),
            aliased,
          ),
      );
      const members = machines.map(({ spec, hostKey }) => ({ spec, hostKey }));
      const gateOf = (machine: Machine) => {
        const { spec } = machine;
        const ready = (hostKey: string) => ({ ...readyOf(spec), knownHosts: hostKey });
        return gate({ name: `${name}-${spec.name}`, machine, members, ready });
      };
      return { machines, gates: gated ? machines.map(gateOf) : [] };
    },
    fenceHosts: (name, specs) => [{ name, uri: "test:///", address: "192.168.1.2", specs }],
    networkName: "net",
    layers: true,
    base: { nameservers: ["192.168.1.1"], timeServers: [], packages: ["nftables"] },
  };
  const rules = Object.fromEntries(Object.keys(tiers).map((tier) => [tier, [rule(tier)]]));
  return {
    driver,
    place: {
      prefix: "hpc-ha-prod",
      home: "/home",
      sshKeyFile: "/key",
      authorizedKeys: ["ssh-ed25519 AAAA"],
    },
    firewall: { admins: ["192.168.1.1"], rules: rules as Record<TierName, Rule[]> },
    facts,
    entry: Promise.resolve([]),
  };
}

/** Type of what configures the machines of a tier, and of its gates. */
export const CONFIGURATION = "pulumi-nodejs:dynamic/hpc-ha:Configuration";

/** What the roll-out is told of the site. */
export const facts: SiteFacts = {
  addresses: { web: { web1: "192.168.1.21" } },
  vips: { slurm: "192.168.1.100", web: "192.168.1.101", data: "192.168.1.102" },
  services: {},
  webPool: { size: 2, min: 2, max: 10, drainSeconds: 300 },
  failoverPatience: 2,
};

const readyOf = ({ name, address }: { name: string; address: string }) => ({
  name,
  address,
  sshKeyFile: "/key",
  bootSeconds: 60,
});
const rule = (tier: string): Rule => ({ what: tier, protocol: "any", from: [] });

/** With gates. */
export const fleet: Fleet = fleetOf(true);

/** What every run of a tier tells its machines. */
export const base = (tier: TierName) => ({
  base_nameservers: ["192.168.1.1"],
  base_time_servers: [],
  base_packages: ["nftables"],
  base_mounts: [],
  base_node_exporter: {},
  base_logs: {},
  base_authorized_keys: ["ssh-ed25519 AAAA"],
  base_firewall_admins: ["192.168.1.1"],
  base_firewall_rules: [rule(tier)],
});

/** The reference site's machines, and its config. */
export const site = parsed(configOf("prod"));
export const topology: Topology = plan(site);
export const { machines, vips } = topology;

/** Name, type and parent of everything that was made. */
export const family = (made: Registration[]): string[] =>
  made.map(({ name, type, parent }) => `${parent && `${parent} > `}${name} ${type}`).sort();

/** The registered value of an output that is known. */
export const known = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => output.apply((value) => resolve(value)));
