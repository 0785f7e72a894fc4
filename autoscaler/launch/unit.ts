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

/** Lines of a unit: as who it runs, in which clone, with which variables. */
const whoAndWhere = ({
  user,
  projectRoot,
  home,
  environment,
}: Pick<UnitSettings, "user" | "projectRoot" | "home" | "environment">): string[] => [
  `User=${user}`,
  `WorkingDirectory=${projectRoot}`,
  ...Object.entries({ HPC_HA_HOME: home, ...environment }).map(
    ([name, value]) => `Environment="${name}=${value}"`,
  ),
];

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
  return [
    "# Written by `npx hpc autoscaler start`.",
    "[Unit]",
    `Description=Size of the web pool of stack ${stack} (hpc-ha)`,
    "After=network-online.target",
    "Wants=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    ...whoAndWhere({ user, projectRoot, home, environment }),
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

/** Names of the units that see to the image of new machines: the service, and the timer that starts it. */
export const imageUnitNames = (stack: string): { service: string; timer: string } => ({
  service: `hpc-ha-image-${stack}.service`,
  timer: `hpc-ha-image-${stack}.timer`,
});

/**
 * Their texts. Pure. Nothing of the hardening: an image is a root file system with its devices and owners, which is made in
 * a name space of its own.
 * @param days how old the image may get
 */
export function renderImageUnits(
  settings: UnitSettings,
  days: number,
): { service: string; timer: string } {
  const { stack, mountsHere } = settings;
  const kind = mountsHere ? "container" : "vm";
  const service = [
    "# Written by `npx hpc autoscaler start`.",
    "[Unit]",
    `Description=Image of new machines of stack ${stack} (hpc-ha)`,
    "After=network-online.target",
    "Wants=network-online.target",
    "",
    "[Service]",
    "Type=oneshot",
    "# As `npm run image`: a root file system has owners.",
    ...whoAndWhere({ ...settings, user: "root" }),
    `ExecStart=/bin/bash toolchain/bootstrap.sh image/refresh.ts ${stack} ${days} ${kind}`,
    "# It does not keep machines from being scaled.",
    "Nice=19",
    "IOSchedulingClass=idle",
    "",
  ];
  const timer = [
    "# Written by `npx hpc autoscaler start`.",
    "[Unit]",
    `Description=Image of new machines of stack ${stack} (hpc-ha), once a day where it is due`,
    "",
    "[Timer]",
    "OnCalendar=daily",
    "RandomizedDelaySec=1h",
    "# Also for a machine that was off at that time.",
    "Persistent=true",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ];
  return { service: service.join("\n"), timer: timer.join("\n") };
}
