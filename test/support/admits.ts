import { IPv4, parseCIDR } from "ipaddr.js";
import type { Firewall } from "../../plan/firewall";
import type { TierName } from "../../components/tiers";

/** Whether a machine of a tier lets in a TCP connection: what the rules mean, without nftables. */
export function admits(
  firewall: Firewall<TierName>,
  tier: TierName,
  port: number,
  from: string,
): boolean {
  const within = (network: string) => {
    const [base, bits] = parseCIDR(network.includes("/") ? network : `${network}/32`);
    return IPv4.parse(from).match(base, bits);
  };
  return firewall.rules[tier].some((rule) => {
    if (rule.protocol === "vrrp" || rule.protocol === "udp") return false;
    const [first, last = first] =
      rule.protocol === "tcp" ? rule.ports.split("-").map(Number) : [1, 65535];
    if (port < Number(first) || port > Number(last)) return false;
    if (rule.from === "anyone") return true;
    return (rule.from === "admins" ? firewall.admins : rule.from).some(within);
  });
}
