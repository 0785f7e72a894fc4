import type { MachineAddress } from "../../lib/machines";
import type { Hypervisors } from "./settings";

/** One that is asked for metrics, as Prometheus' file discovery has it. */
export interface Target {
  targets: string[];
  labels: {
    /** Its machine's name; or that of the VIP. */
    instance: string;
    tier: string;
    /** Of whom it is asked, where that is not itself. It goes with the question, and is not kept with the metrics. */
    __param_target?: string;
    /** Web service that is asked for. */
    service?: string;
  };
}

/** Who is asked, by kind of metrics. */
export type Job =
  | "node"
  | "haproxy"
  | "mariadb"
  | "redis"
  | "sentinel"
  | "https"
  | "sessions"
  | "prometheus"
  | "alertmanager"
  | "hypervisor";

/** Where users come in. */
export interface Users {
  /** The web VIP. */
  web: string;
  /** The data VIP. */
  data: string;
  services: { name: string; path: string }[];
}

export interface TargetPorts {
  nodeExporter: number;
  stats: number;
  mysqldExporter: number;
  redisExporter: number;
  redis: number;
  sentinel: number;
  https: number;
  blackboxExporter: number;
  prometheus: number;
  alertmanager: number;
}

/** Instance of what is asked at the web VIP, whichever machine holds it. */
const WEB_VIP = "the web VIP";
const DATA_VIP = "the data VIP";

/**
 * All machines that the plan has, the web pool at its largest: the monitor is not configured again when the pool's size
 * changes. A web node that is not there does not answer, and no rule takes that for a fault: who of them should serve
 * is HAProxy's to say.
 */
export function targetsOf(
  machines: MachineAddress[],
  { web, data, services }: Users,
  ports: TargetPorts,
  hypervisors: Hypervisors,
): Record<Job, Target[]> {
  const of = (tier: string) => machines.filter((m) => m.tier === tier);
  const on = (port: number, asked = machines): Target[] =>
    asked.map(({ name, tier, address }) => ({
      targets: [`${address}:${port}`],
      labels: { instance: name, tier },
    }));
  const redis = (port: number): Target[] =>
    of("redis").map(({ name, tier, address }) => ({
      targets: [`${address}:${ports.redisExporter}`],
      labels: { instance: name, tier, __param_target: `rediss://${address}:${port}` },
    }));
  const https = (instance: string, address: string, path: string, service?: string): Target => ({
    // Of what runs beside Prometheus itself.
    targets: [`127.0.0.1:${ports.blackboxExporter}`],
    labels: {
      instance,
      tier: "entry",
      __param_target: `https://${address}:${ports.https}${path}`,
      ...(service !== undefined && { service }),
    },
  });
  const asked: [string, string][] = Object.entries(hypervisors);
  return {
    node: on(ports.nodeExporter),
    haproxy: on(ports.stats, of("entry")),
    mariadb: on(ports.mysqldExporter, of("galera")),
    redis: redis(ports.redis),
    sentinel: redis(ports.sentinel),
    https: [
      // Each by itself too: nobody is sent to the one without the VIP until it has to serve.
      ...of("entry").map(({ name, address }) => https(name, address, "/")),
      ...services.map(({ name, path }) => https(WEB_VIP, web, path, name)),
    ],
    sessions: [
      {
        targets: [`127.0.0.1:${ports.blackboxExporter}`],
        labels: { instance: DATA_VIP, tier: "entry", __param_target: `${data}:${ports.redis}` },
      },
    ],
    prometheus: on(ports.prometheus, of("monitor")),
    alertmanager: on(ports.alertmanager, of("monitor")),
    hypervisor: asked.map(([name, at]) => ({
      targets: [at],
      labels: { instance: name, tier: "hypervisor" },
    })),
  };
}
