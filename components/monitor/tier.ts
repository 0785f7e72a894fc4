import { tcp, udp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";
import type { TierName } from "../tiers";
import { look } from "./look";
import { roll } from "./roll";
import { monitorFaults, monitorSchema } from "./settings";
import { ALERTMANAGER, BLACKBOX, LOG_ENTRY, LOG_STORE, PROMETHEUS } from "./units";

const keys = {
  ...NO_KEYS,
  ports: {
    prometheus: 9090,
    alertmanager: 9093,
    /** Where two Alertmanagers tell each other whom they have told. */
    alertmanagerPeer: 9094,
    /** What asks the entry as users do; on the machine itself only. */
    blackboxExporter: 9115,
    /** Where the machines send what they log. */
    logs: 19532,
  },
  settings: { monitor: monitorSchema },
};

/** All tiers: the logs of every machine are kept. */
const EVERYBODY = Object.keys({
  share: 1,
  galera: 1,
  redis: 1,
  entry: 1,
  web: 1,
  controllers: 1,
  compute: 1,
  login: 1,
  monitor: 1,
} satisfies Record<TierName, 1>) as TierName[];

/** Machines that watch all others, each by itself: what one of them knows the other knows too. */
export const monitor: Tier<typeof keys> = {
  keys,
  naming: { name: "monitor", firstHost: 195, firstHypervisor: 8, apart: true },
  // None: a site need not be watched. Two: one watches while the other is away.
  members: { allowed: [0, 1, 2], default: 0 },
  size: { vcpus: 2, memoryMiB: 2048 },
  letsIn: ({ config: { ports }, of }) => [
    tcp("Prometheus", ports.prometheus, of("monitor")),
    tcp("Alertmanager", ports.alertmanager, of("monitor")),
    tcp("Alertmanager's peer", ports.alertmanagerPeer, of("monitor")),
    udp("Alertmanager's peer", ports.alertmanagerPeer, of("monitor")),
    tcp("logs", ports.logs, of(...EVERYBODY)),
  ],
  letInEverywhere: ({ config: { ports }, of }) =>
    of("monitor").length === 0
      ? []
      : [tcp("metrics of the machine", ports.nodeExporter, of("monitor"))],
  packages: [
    ...["prometheus", "prometheus-alertmanager"],
    ...["prometheus-node-exporter", "prometheus-blackbox-exporter"],
    // Every machine sends its journal.
    "systemd-journal-remote",
    // What they reach of the store.
    "haproxy",
  ],
  check: ({ monitor, sizes }) =>
    monitor === undefined || sizes === undefined
      ? []
      : monitorFaults(monitor, sizes.monitor.diskGiB),
  units: () => [PROMETHEUS, ALERTMANAGER, BLACKBOX, LOG_STORE, LOG_ENTRY],
  tells: { logs: "/usr/local/sbin/log-metrics" },
  look,
  roll,
};
