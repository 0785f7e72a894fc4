import type { TierPlans } from "./tier";

/** What every machine of every tier carries: Debian packages. Tiers name theirs besides. */
const COMMON = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  // Ansible runs on it.
  "python3",
  "iproute2",
  "iputils-ping",
  "procps",
  "nftables",
  "curl",
  "ca-certificates",
  "openssl",
  "rsync",
  "socat",
  "less",
];

/** What the one image of all machines carries: machines differ by configuration only. Sorted, each once. */
export const machinePackages = (tiers: TierPlans): string[] =>
  [...new Set([...COMMON, ...Object.values(tiers).flatMap(({ packages }) => packages)])].sort();
