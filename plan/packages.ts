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
export function machinePackages(tiers: TierPlans, config: unknown): string[] {
  const wanted = Object.values(tiers).flatMap(({ packages }) =>
    typeof packages === "function" ? packages(config) : packages,
  );
  return [...new Set([...COMMON, ...wanted])].sort();
}
