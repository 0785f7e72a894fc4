import * as pulumi from "@pulumi/pulumi";
import { AnsibleRun } from "../ansible";
import { CA_FILE, type SiteCertificates } from "../certificates";
import type { Machine } from "../../drivers/machine";
import { machineSet } from "../machineSet";
import { Membership } from "./membership";
import type { Site } from "../site";

export interface HaproxyTierArgs {
  site: Site;
  /** The web VIP's, and the CA that the check of the Redis master verifies with. */
  certificates: SiteCertificates;
  /** Password that HAProxy's check of the Redis master uses. Secret. */
  redisPassword: pulumi.Input<string>;
}

/**
 * The entry: two HAProxy machines that share the web VIP (TLS, routing by path) and the data VIP (the
 * Redis master and one synced Galera node). It is configured without knowing any web node: those come and
 * go by `membership`, and the Redis and Galera machines are known by their planned addresses, so the tiers
 * can be built side by side.
 */
export class HaproxyTier extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Closing line of the Ansible run: the tier is configured. */
  readonly ready: pulumi.Output<string>;
  private readonly site: Site;
  private readonly run: AnsibleRun;
  private readonly prefix: string;

  constructor(name: string, args: HaproxyTierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:haproxy:HaproxyTier", name, {}, opts);
    this.prefix = name;
    this.site = args.site;
    const { site } = args;
    const { web, ca } = args.certificates;
    const vars = pulumi
      .all([web, ca, pulumi.secret(args.redisPassword)])
      .apply(([pem, ca, redisPassword]) => haproxyVars(site, { pem, ca }, redisPassword));
    const playbook = "entry.yml";
    const { machines, gates } = machineSet(
      name,
      { site, specs: site.topology.machines.entry, group: "entry", playbook, vars },
      { parent: this },
    );
    this.machines = machines;
    this.run = new AnsibleRun(
      `${name}-config`,
      { site, playbook, groups: { entry: machines }, after: gates.at(-1), vars },
      { parent: this },
    );
    this.ready = this.run.recap;
    this.registerOutputs({ ready: this.ready });
  }

  /**
   * Puts web nodes into rotation, and takes all others out after their connections ended. One per site.
   * @param web machines whose configuration is done, or on which `dependsOn` says what to wait for
   */
  membership(web: Machine[], dependsOn: pulumi.Resource[] = []): Membership {
    return new Membership(
      `${this.prefix}-membership`,
      { site: this.site, haproxies: this.machines, web },
      { parent: this, dependsOn: [this.run, ...dependsOn] },
    );
  }
}

/** Variables of ansible/entry.yml; its roles' argument_specs describe them. */
export function haproxyVars(
  { config, topology }: Pick<Site, "config" | "topology">,
  certificate: { pem: string; ca: string },
  redisPassword: string,
): Record<string, unknown> {
  const members = (role: "redis" | "galera") =>
    topology.machines[role].map(({ name, address }) => ({ name, address }));
  return {
    entry_services: config.services.map((s) => ({
      name: s.name,
      port: s.port,
      path: s.path,
      balance: s.balance,
      sticky: s.sticky,
      health_path: s.healthPath,
    })),
    // Nodes come before others leave, so a pool that is replaced as a whole needs twice its slots.
    entry_slots: 2 * config.web.max,
    entry_drain_seconds: config.web.drainSeconds,
    entry_interface: config.interface,
    entry_prefix_length: topology.prefixLength,
    entry_web_vip: topology.webVip,
    entry_data_vip: topology.dataVip,
    entry_router_id: config.vrrp.entryRouterId,
    entry_patience: config.failoverPatience,
    entry_advert_seconds: config.failoverPatience * config.vrrp.advertSeconds,
    entry_http_port: config.ports.http,
    entry_https_port: config.ports.https,
    entry_stats_port: config.ports.stats,
    entry_peer_port: config.ports.haproxyPeer,
    entry_certificate_pem: certificate.pem,
    entry_ca: certificate.ca,
    entry_ca_file: CA_FILE,
    entry_redis_members: members("redis"),
    entry_redis_port: config.ports.redis,
    entry_redis_password: redisPassword,
    entry_galera_members: members("galera"),
    entry_galera_port: config.ports.mysql,
    entry_galera_check_port: config.ports.galeraCheck,
  };
}
