import type * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import type { Driver } from "../drivers/driver";
import type { Machine } from "../drivers/machine";
import type { Place } from "../drivers/place";
import { pinnedSsh, renderKnownHosts } from "../lib/ssh";
import type { Firewall } from "../plan/firewall";
import type { RunRequest } from "../programs/ansible";
import type { Seat } from "../rollout/lock";
import type { SiteFacts } from "../rollout/roll";
import type { LogShipping } from "./monitor/logs";
import type { TierName } from "./tiers";

/** The means by which the machines of a site are made, reached and configured. */
export interface Fleet {
  driver: Driver;
  place: Place;
  firewall: Firewall<TierName>;
  /** What the plan says of the site, for who changes its machines while it runs. */
  facts: SiteFacts;
  /** Where node_exporter listens on all machines. Default: nobody asks, and only web nodes have it. */
  nodeExporterPort?: number | undefined;
  /** How the machines send what they log. Default: they keep it. */
  logs?: pulumi.Output<LogShipping> | undefined;
  /** The entry's machines, once they are declared: they say who serves, and keep the site's lock. */
  entry: Promise<Machine[]>;
}

/** One machine as the inventory knows it. */
export interface InventoryHost {
  name: string;
  address: string;
  hostKey: string;
}

/** Where the site's lock is kept: on the entry's machines. Nothing that is said there is a secret. */
export const seatsOn = (sshKeyFile: string, entry: InventoryHost[]): Seat[] =>
  entry.map((host) => ({
    machine: host.name,
    ssh: pinnedSsh({ user: "root", privateKeyFile: sshKeyFile }, host, { cheap: true }),
  }));

/** What a run of a tier's playbook is given for these hosts and variables. */
export function runRequest(
  { driver, place, firewall }: Pick<Fleet, "place" | "firewall"> & { driver: Pick<Driver, "base"> },
  tier: TierName,
  hosts: InventoryHost[],
  vars: Record<string, unknown>,
): RunRequest {
  // Every playbook begins with role base.
  const base = {
    base_nameservers: driver.base.nameservers,
    base_time_servers: driver.base.timeServers,
    base_packages: driver.base.packages,
    base_mounts: [],
    base_node_exporter: {},
    base_logs: {},
    base_authorized_keys: place.authorizedKeys,
    base_firewall_admins: firewall.admins,
    base_firewall_rules: firewall.rules[tier],
  };
  return {
    playbook: `${tier}.yml`,
    inventory: renderInventory([{ group: tier, hosts }]),
    vars: { ...base, ...vars },
    knownHosts: renderKnownHosts(hosts),
    sshKeyFile: place.sshKeyFile,
  };
}

/** Inventory YAML: groups of hosts with their addresses. Holds no secrets. */
export function renderInventory(groups: { group: string; hosts: InventoryHost[] }[]): string {
  const children = Object.fromEntries(
    groups.map(({ group, hosts }) => [
      group,
      { hosts: Object.fromEntries(hosts.map((h) => [h.name, { ansible_host: h.address }])) },
    ]),
  );
  return yaml.dump({ all: { vars: { ansible_user: "root" }, children } });
}
