import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { firewall } from "../plan/firewall";
import type { Machine } from "../drivers/machine";
import type { Site } from "./site";
import type { Role } from "../plan/topology";

/** What the runner (ansibleRunner.ts) reads from stdin. */
export interface RunRequest {
  /** Playbook file under ansible/. */
  playbook: string;
  /** Inventory as YAML. Holds no secrets. */
  inventory: string;
  /** Play-wide variables; may hold secrets. */
  vars: Record<string, unknown>;
  /** One known_hosts line for each machine. */
  knownHosts: string;
  sshKeyFile: string;
  /** Hash of the playbook and its roles: a change of them is a reason to run again. */
  sources: string;
  /** Of the machines: one that was made anew is a reason to run again. */
  incarnations: string[];
}

/** One machine as the inventory knows it. */
export interface InventoryHost {
  name: string;
  address: string;
  hostKey: string;
}

/** Hosts of an inventory group that a run configures. */
export interface RunGroup {
  group: string;
  /** Of all of them; undefined when there are none. */
  role: Role | undefined;
  hosts: (InventoryHost & { incarnation: string })[];
}

export interface AnsibleRunArgs {
  site: Site;
  /** Playbook file under ansible/, e.g. "galera.yml". */
  playbook: string;
  /** Machines by inventory group; the run touches no others. */
  groups: Record<string, Machine[]>;
  /** What comes before it: the set's gate, which runs the same playbook. Default: only that the machines are ready. */
  after?: pulumi.Resource;
  /** Play-wide variables. Secrets stay secret: they travel on stdin only. */
  vars: pulumi.Input<Record<string, unknown>>;
}

/**
 * One `ansible-playbook` run. It happens at creation and again, in place, when the playbook, its
 * roles, the variables or the machines change; never because something else did.
 */
export class AnsibleRun extends pulumi.ComponentResource {
  /** Closing line of the last run; depend on it to come after the run. */
  readonly recap: pulumi.Output<string>;

  constructor(name: string, args: AnsibleRunArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:ansible:AnsibleRun", name, {}, opts);
    const hosts = Object.entries(args.groups).map(([group, machines]) =>
      pulumi
        .all(machines.map((m) => pulumi.all([m.address, m.hostKey, m.incarnation])))
        .apply((known) => ({
          group,
          role: machines[0]?.spec.role,
          hosts: known.map(([address, hostKey, incarnation], i) => ({
            name: machines[i]?.spec.name ?? "",
            address,
            hostKey,
            incarnation,
          })),
        })),
    );
    const stdin = pulumi
      .all([pulumi.all(hosts), pulumi.output(args.vars)])
      .apply(([groups, vars]) =>
        JSON.stringify(runRequest(args.site, args.playbook, groups, vars)),
      );
    const script = "node --import tsx programs/ansible.ts";
    const run = new local.Command(
      `${name}-run`,
      {
        create: script,
        update: script,
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
  site: Pick<Site, "sshKeyFile" | "config">,
  playbook: string,
  groups: RunGroup[],
  vars: Record<string, unknown>,
): RunRequest {
  const hosts = groups.flatMap((g) => g.hosts);
  const { admins, rules } = firewall(site.config);
  const inventory = groups.map(({ group, role, hosts }) => ({
    group,
    hosts,
    // Every playbook begins with role firewall.
    vars: { firewall_admins: admins, firewall_rules: role ? rules[role] : [] },
  }));
  return {
    playbook,
    inventory: renderInventory(inventory),
    vars,
    knownHosts: renderKnownHosts(hosts),
    sshKeyFile: site.sshKeyFile,
    sources: hashSources("ansible", playbook),
    incarnations: hosts.map((h) => h.incarnation),
  };
}

/** Inventory YAML: groups of hosts with their addresses, and the variables of each group. */
export function renderInventory(
  groups: { group: string; hosts: InventoryHost[]; vars?: Record<string, unknown> }[],
): string {
  const children = Object.fromEntries(
    groups.map(({ group, hosts, vars }) => [
      group,
      {
        hosts: Object.fromEntries(hosts.map((h) => [h.name, { ansible_host: h.address }])),
        ...(vars && { vars }),
      },
    ]),
  );
  return yaml.dump({ all: { vars: { ansible_user: "root" }, children } });
}

/** known_hosts with the keys that were made before the machines booted. */
export const renderKnownHosts = (hosts: InventoryHost[]): string =>
  hosts.map((h) => `${h.address} ${h.hostKey.split(" ").slice(0, 2).join(" ")}\n`).join("");

/** Hash over a playbook and all roles that it uses, directly or through other roles. */
export function hashSources(dir: string, playbook: string): string {
  const text = readFileSync(path.join(dir, playbook), "utf8");
  const hash = createHash("sha256").update(text);
  const seen = new Set<string>();
  const queue = rolesOf(text);
  for (let role = queue.shift(); role !== undefined; role = queue.shift()) {
    if (seen.has(role)) continue;
    seen.add(role);
    const root = path.join(dir, "roles", role);
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => path.join(f.parentPath, f.name))
      .sort();
    for (const file of files) {
      const content = readFileSync(file, "utf8");
      hash.update(path.relative(dir, file)).update(content);
      if (/\/(tasks|handlers|meta)\//.test(file)) queue.push(...rolesOf(content));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Names of the roles that a playbook, task or meta file mentions. */
export function rolesOf(text: string): string[] {
  const roles: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    else if (node !== null && typeof node === "object") {
      for (const [key, value] of Object.entries(node)) {
        if (key === "roles" || key === "dependencies") {
          for (const r of value as (string | { role: string })[]) {
            roles.push(typeof r === "string" ? r : r.role);
          }
        } else if (/(^|\.)(include|import)_role$/.test(key)) {
          roles.push((value as { name: string }).name);
        } else visit(value);
      }
    }
  };
  visit(yaml.load(text));
  return roles;
}
