/** Who may connect: everyone, the administrators' networks, or some addresses and networks. */
export type Source = "anyone" | "admins" | string[];

/** One thing that a machine lets in. */
export type Rule = {
  /** What for; `nft list ruleset` shows it. */
  what: string;
} & (
  | { protocol: "tcp" | "udp"; /** A port, or first-last. */ ports: string; from: Source }
  | { protocol: "any"; from: string[] }
  /** MACs too: a source address is easily forged, and VRRPv3 has no authentication. */
  | { protocol: "vrrp"; peers: { address: string; mac: string }[] }
);

export const tcp = (what: string, port: number | string, from: Source): Rule => ({
  what,
  protocol: "tcp",
  ports: String(port),
  from,
});

export const udp = (what: string, port: number, from: Source): Rule => ({
  what,
  protocol: "udp",
  ports: String(port),
  from,
});

/** Adverts of the machines that share virtual addresses. */
export const vrrp = (machines: { address: string; mac: string }[]): Rule => ({
  what: "VRRP",
  protocol: "vrrp",
  peers: machines.map(({ address, mac }) => ({ address, mac })),
});
