import { gateway } from "./addresses";
import { type House, largest, type PlanConfig } from "./topology";

/** Who may connect: everyone, the administrators' networks, or some addresses and networks. */
export type Source = "anyone" | "admins" | string[];

/** One thing that a machine lets in. */
export type Rule = {
  /** What for; `nft list ruleset` shows it. */
  what: string;
} & (
  | { protocol: "tcp"; /** A port, or first-last. */ ports: string; from: Source }
  | { protocol: "any"; from: string[] }
  /** MACs too: a source address is easily forged, and VRRPv3 has no authentication. */
  | { protocol: "vrrp"; peers: { address: string; mac: string }[] }
);

export interface Firewall<Name extends string = string> {
  /** Addresses and networks of the administrators. */
  admins: string[];
  /** What the machines of a tier let in; besides, what answers them, and ping. */
  rules: Record<Name, Rule[]>;
}

export const tcp = (what: string, port: number | string, from: Source): Rule => ({
  what,
  protocol: "tcp",
  ports: String(port),
  from,
});

/** Adverts of the machines that share virtual addresses. */
export const vrrp = (machines: { address: string; mac: string }[]): Rule => ({
  what: "VRRP",
  protocol: "vrrp",
  peers: machines.map(({ address, mac }) => ({ address, mac })),
});

/** What of the config the rules of all machines read. */
export interface FirewallConfig extends PlanConfig {
  firewall: {
    adminNetworks?: string[];
    allow: { tier: string; port: number; from: string[] }[];
  };
}

/**
 * Who may talk to whom, put together from what the tiers say. Pure, and the same whatever the present size of the web
 * pool, so that no other tier is configured again when it changes.
 */
export function firewall(house: House, config: FirewallConfig): Firewall {
  const machines = largest(house, config);
  const ground = {
    config,
    of: (...tiers: string[]) =>
      tiers.flatMap((tier) => (machines[tier] ?? []).map((m) => m.address)),
    machines: (tier: string) => machines[tier] ?? [],
  };
  const rules = Object.fromEntries(
    Object.entries(house.tiers).map(([name, tier]) => {
      const allowed = config.firewall.allow
        .filter((extra) => extra.tier === name)
        .map(({ port, from }) => tcp("firewall.allow", port, from));
      const all = [tcp("ssh", 22, "admins"), ...tier.letsIn(ground), ...allowed];
      return [name, all.filter(hasSources)];
    }),
  );
  return { admins: config.firewall.adminNetworks ?? [gateway(config.cidr)], rules };
}

/** False where nobody is there to be let in, as in a cluster without compute nodes. */
const hasSources = (rule: Rule) => (rule.protocol === "vrrp" ? rule.peers : rule.from).length > 0;
