import { IPv4, parseCIDR } from "ipaddr.js";

const toNumber = (address: string) =>
  IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
const toText = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");

/** The address with host number `host` in `cidr`: ("192.168.1.0/24", 10) -> "192.168.1.10". */
export function addressAt(cidr: string, host: number): string {
  return toText(toNumber(IPv4.networkAddressFromCIDR(cidr).toString()) + host);
}

/** Host part of a CIDR's address; 0 when it is the network address itself. */
export function hostNumber(cidr: string): number {
  const address = cidr.split("/")[0] ?? "";
  return toNumber(address) - toNumber(IPv4.networkAddressFromCIDR(cidr).toString());
}

/** Whether `address` belongs to `cidr`. */
export function contains(cidr: string, address: string): boolean {
  const [network, prefix] = parseCIDR(cidr);
  return IPv4.parse(address).match(network, prefix);
}

/** Whether `address` is a usable host address of `cidr` (not network, broadcast or gateway .1). */
export function inSubnet(address: string, cidr: string): boolean {
  if (!contains(cidr, address)) return false;
  const first = toNumber(IPv4.networkAddressFromCIDR(cidr).toString());
  const last = toNumber(IPv4.broadcastAddressFromCIDR(cidr).toString());
  const n = toNumber(address);
  return n > first + 1 && n < last;
}

/** Prefix length: "192.168.1.0/24" -> 24. */
export const prefixLength = (cidr: string): number => parseCIDR(cidr)[1];

/** Dotted netmask: "192.168.1.0/24" -> "255.255.255.0". */
export const netmask = (cidr: string): string =>
  IPv4.subnetMaskFromPrefixLength(prefixLength(cidr)).toString();

/** Gateway of the site: the first host address, as libvirt networks use it. */
export const gateway = (cidr: string): string => addressAt(cidr, 1);
