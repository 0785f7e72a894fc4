import { tcp, udp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";
import { look } from "./look";
import { roll } from "./roll";
import { monitorFaults, monitorSchema } from "./settings";
import { ALERTMANAGER, BLACKBOX, PROMETHEUS } from "./units";

const keys = {
  ...NO_KEYS,
  ports: {
    prometheus: 9090,
    alertmanager: 9093,
    /** Where two Alertmanagers tell each other whom they have told. */
    alertmanagerPeer: 9094,
    /** What asks the entry as users do; on the machine itself only. */
    blackboxExporter: 9115,
  },
  settings: { monitor: monitorSchema },
};

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
  ],
  letInEverywhere: ({ config: { ports }, of }) =>
    of("monitor").length === 0
      ? []
      : [tcp("metrics of the machine", ports.nodeExporter, of("monitor"))],
  packages: [
    ...["prometheus", "prometheus-alertmanager"],
    ...["prometheus-node-exporter", "prometheus-blackbox-exporter"],
  ],
  check: ({ monitor, sizes }) =>
    monitor === undefined || sizes === undefined
      ? []
      : monitorFaults(monitor, sizes.monitor.diskGiB),
  units: () => [PROMETHEUS, ALERTMANAGER, BLACKBOX],
  look,
  roll,
};
