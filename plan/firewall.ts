import { gateway } from "./addresses";
import type { PlanConfig } from "./machine";
import { type Rule, tcp } from "./rule";
import { type House, largest } from "./topology";

export interface Firewall<Name extends string = string> {
  /** Addresses and networks of the administrators. */
  admins: string[];
  /** What the machines of a tier let in; besides, what answers them, and ping. */
  rules: Record<Name, Rule[]>;
}

/** What of the config the rules of all machines read. */
export interface FirewallConfig extends PlanConfig {
  firewall: {
    adminNetworks?: string[];
    allow: { tier: string; port: number; from: string[] }[];
  };
}

/** What the tiers' rules are written with. */
export function ground(house: House, config: PlanConfig) {
  const machines = largest(house, config);
  return {
    config,
    of: (...tiers: string[]) =>
      tiers.flatMap((tier) => (machines[tier] ?? []).map((m) => m.address)),
    machines: (tier: string) => machines[tier] ?? [],
  };
}

/**
 * Who may talk to whom, put together from what the tiers say. Pure, and the same whatever the present size of the web
 * pool, so that no other tier is configured again when it changes.
 */
export function firewall(house: House, config: FirewallConfig): Firewall {
  const known = ground(house, config);
  const everywhere = letInEverywhere(house, known);
  const rules = Object.fromEntries(
    Object.entries(house.tiers).map(([name, tier]) => {
      const allowed = config.firewall.allow
        .filter((extra) => extra.tier === name)
        .map(({ port, from }) => tcp("firewall.allow", port, from));
      const all = [tcp("ssh", 22, "admins"), ...tier.letsIn(known), ...everywhere, ...allowed];
      return [name, all.filter(hasSources)];
    }),
  );
  return { admins: config.firewall.adminNetworks ?? [gateway(config.cidr)], rules };
}

/** What the machines of all tiers let in besides, as their tiers say. */
export const letInEverywhere = (house: House, known: ReturnType<typeof ground>): Rule[] =>
  Object.values(house.tiers).flatMap((tier) => tier.letInEverywhere?.(known) ?? []);

/** False where nobody is there to be let in, as in a cluster without compute nodes. */
const hasSources = (rule: Rule) => (rule.protocol === "vrrp" ? rule.peers : rule.from).length > 0;
