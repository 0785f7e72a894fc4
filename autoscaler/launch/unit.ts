/** What a systemd unit of the service is made from. */
export interface UnitSettings {
  stack: string;
  /** The clone, absolute. */
  projectRoot: string;
  /** `HPC_HA_HOME`, absolute. */
  home: string;
  /** Who runs it: whose Pulumi state, passphrase and ssh keys it uses. */
  user: string;
  /** Directories besides the clone and the home to which it writes: Pulumi's state. */
  writes: string[];
  /** Variables that Pulumi needs and that are no secrets; secrets are in files that they name. */
  environment: Record<string, string>;
  /** Whether updates make mounts of this host: then they must be those that libvirt sees. */
  mountsHere: boolean;
}

export const unitName = (stack: string): string => `hpc-ha-autoscaler-${stack}.service`;

/** The text of the unit. Pure. */
export function renderUnit(settings: UnitSettings): string {
  const { stack, projectRoot, home, user, writes, environment, mountsHere } = settings;
  const hardening = mountsHere
    ? [
        "# Its machines are mounts of this host, which a file system of its own would hide from libvirt.",
      ]
    : [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        `ReadWritePaths=${[projectRoot, home, ...writes].join(" ")}`,
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "CapabilityBoundingSet=",
        "SystemCallArchitectures=native",
      ];
  const variables = { HPC_HA_HOME: home, ...environment };
  return [
    "# Written by `npx hpc autoscaler start`.",
    "[Unit]",
    `Description=Size of the web pool of stack ${stack} (hpc-ha)`,
    "After=network-online.target",
    "Wants=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    `User=${user}`,
    `WorkingDirectory=${projectRoot}`,
    ...Object.entries(variables).map(([name, value]) => `Environment="${name}=${value}"`),
    `ExecStart=/bin/bash toolchain/bootstrap.sh autoscaler/service/main.ts ${stack}`,
    "Restart=always",
    "RestartSec=5",
    "# An update is a process of its own, and ends as it should.",
    "KillMode=process",
    "UMask=0077",
    ...hardening,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
