import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import type { Driver } from "../drivers/driver";
import type { Machine } from "../drivers/machine";
import type { Place } from "../drivers/place";
import { renderKnownHosts } from "../lib/ssh";
import type { Firewall } from "../plan/firewall";
import type { RunRequest } from "../programs/ansible";
import { hashSources } from "./ansibleSources";
import type { TierName } from "./tiers";

/** The means by which the machines of a site are made, reached and configured. */
export interface Fleet {
  driver: Driver;
  place: Place;
  firewall: Firewall<TierName>;
}

/** One machine as the inventory knows it. */
export interface InventoryHost {
  name: string;
  address: string;
  hostKey: string;
}

export interface AnsibleRunArgs {
  fleet: Fleet;
  /** Whose playbook: `ansible/<tier>.yml`, which configures the group of this name. */
  tier: TierName;
  /** The run touches no others. */
  machines: Machine[];
  /** What comes before it: the set's gate, which runs the same playbook. Default: only that the machines are ready. */
  after?: pulumi.Resource;
  /** Play-wide variables. Secrets stay secret: they travel on stdin only. */
  vars: pulumi.Input<Record<string, unknown>>;
}

/** What runs a playbook: its request comes on stdin. */
export const ANSIBLE = "node --import tsx programs/ansible.ts";

/**
 * One `ansible-playbook` run. It happens at creation and again, in place, when the playbook, its
 * roles, the variables or the machines change; never because something else did.
 */
export class AnsibleRun extends pulumi.ComponentResource {
  /** Closing line of the last run; depend on it to come after the run. */
  readonly recap: pulumi.Output<string>;

  constructor(name: string, args: AnsibleRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:ansible:AnsibleRun", name, {}, opts);
    const { fleet, tier, machines } = args;
    const hosts = machines.map((m) =>
      pulumi
        .all([m.address, m.hostKey, m.incarnation])
        .apply(([address, hostKey, incarnation]) => ({
          name: m.spec.name,
          address,
          hostKey,
          incarnation,
        })),
    );
    const stdin = pulumi
      .all([pulumi.all(hosts), pulumi.output(args.vars)])
      .apply(([known, vars]) => JSON.stringify(runRequest(fleet, tier, known, vars)));
    const run = new local.Command(
      `${name}-run`,
      {
        create: ANSIBLE,
        update: ANSIBLE,
        stdin: pulumi.secret(stdin),
        logging: local.Logging.Stderr,
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        additionalSecretOutputs: ["stderr"],
        ...(args.after && { dependsOn: args.after }),
      },
    );
    this.recap = run.stdout;
    this.registerOutputs({ recap: this.recap });
  }
}

/** What the runner gets for these hosts and variables. */
export function runRequest(
  { driver, place, firewall }: Pick<Fleet, "place" | "firewall"> & { driver: Pick<Driver, "base"> },
  tier: TierName,
  hosts: (InventoryHost & { incarnation: string })[],
  vars: Record<string, unknown>,
): RunRequest {
  const playbook = `${tier}.yml`;
  // Every playbook begins with role base.
  const base = {
    base_nameservers: driver.base.nameservers,
    base_time_servers: driver.base.timeServers,
    base_packages: driver.base.packages,
    base_mounts: [],
    base_authorized_keys: place.authorizedKeys,
    base_firewall_admins: firewall.admins,
    base_firewall_rules: firewall.rules[tier],
  };
  return {
    playbook,
    inventory: renderInventory([{ group: tier, hosts }]),
    vars: { ...base, ...vars },
    knownHosts: renderKnownHosts(hosts),
    sshKeyFile: place.sshKeyFile,
    sources: hashSources("ansible", playbook),
    incarnations: hosts.map((h) => h.incarnation),
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
