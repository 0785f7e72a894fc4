import { z } from "zod";
import { addressAt } from "../../plan/addresses";
import { tcp, vrrp } from "../../plan/rule";
import type { Tier } from "../tier";
import { KEEPALIVED } from "../units";
import { look } from "./look";
import { HAPROXY, HAPROXY_WATCH } from "./units";
import { ownCertificateFaults } from "./ownCertificate";
import { roll } from "./roll";

const keys = {
  ports: {
    http: 80,
    https: 443,
    /** HAProxy's statistics page (requirements). */
    stats: 8404,
    /** Read-only HAProxy socket for the other HAProxy node. */
    haproxyPeer: 8405,
  },
  vips: {
    web: 101,
    /** The Redis master and a synced Galera node. */
    data: 102,
  },
  settings: {
    /** The owner's certificate for the web VIP (PEM files). Default: one signed by a generated CA. */
    tls: z
      .strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) })
      .optional(),
    vrrp: z
      .strictObject({
        /**
         * VRRPv3 advertisement interval, s, of all VIPs. Default 0.25: three and a half of them (0.75-0.9 s) until a
         * VIP moves; with 0.3 it is just above the second that the web VIP may take (measured).
         */
        advertSeconds: z.number().min(0.1).max(10).default(0.25),
        /** VRRP router id of the web and data VIPs. Default 52. */
        entryRouterId: z.int().min(1).max(255).default(52),
      })
      .prefault({}),
  },
};

/** Sections of haproxy.cfg besides those of the services, which are called by the services' names. */
const SECTIONS = [
  ...["http", "https", "handover", "nothing", "redis", "galera", "stats"],
  ...["peer_state", "membership"],
];

/** HAProxy nodes that share the web VIP and the data VIP. */
export const entry: Tier<typeof keys> = {
  keys,
  naming: { name: "haproxy", firstHost: 151, firstHypervisor: 3, apart: true },
  // Two: one takes the VIPs over from the other.
  members: { allowed: [1, 2], default: 2 },
  size: { vcpus: 2, memoryMiB: 2048 },
  letsIn: ({ config: { ports, slurm }, of, machines }) => [
    tcp("web entry, sends to https", ports.http, "anyone"),
    tcp("web entry", ports.https, "anyone"),
    tcp("statistics", ports.stats, "admins"),
    tcp("metrics", ports.stats, of("monitor")),
    tcp("membership", ports.haproxyPeer, of("entry")),
    // The monitor asks whether it is there.
    tcp("Redis master", ports.redis, of("web", "monitor")),
    tcp("database", ports.mysql, of("web", "controllers")),
    ...(slurm.rest.portal ? [tcp("Slurm for the portal", ports.slurmrestd, of("web"))] : []),
    vrrp(machines("entry")),
  ],
  packages: ["haproxy", "keepalived"],
  check: ({ tls, addresses, cidr, services = [] }, files) => [
    ...(tls
      ? ownCertificateFaults(
          tls,
          files,
          addresses?.["webVip"] ?? (cidr && addressAt(cidr, keys.vips.web)),
        )
      : []),
    ...services.flatMap(({ name }, i) =>
      SECTIONS.includes(name)
        ? [
            `services.${i}.name = "${name}": a name of HAProxy's own; not allowed: ${SECTIONS.join(", ")}`,
          ]
        : [],
    ),
  ],
  units: () => [HAPROXY, HAPROXY_WATCH, KEEPALIVED],
  // Two that do not know of each other both hold the VIPs.
  presentFirst: true,
  look,
  roll,
};
