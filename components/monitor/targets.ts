import type { MachineAddress } from "../../lib/machines";

/** One that is asked for metrics, as Prometheus' file discovery has it; `instance` is its machine's name. */
export interface Target {
  targets: string[];
  labels: { instance: string; tier: string };
}

/** Who is asked, by kind of metrics. */
export type Job = "node" | "haproxy" | "prometheus" | "alertmanager";

/**
 * All machines that the plan has, the web pool at its largest: the monitor is not configured again when the pool's size
 * changes. A web node that is not there does not answer, and no rule takes that for a fault: who of them should serve
 * is HAProxy's to say.
 */
export function targetsOf(
  machines: MachineAddress[],
  ports: { nodeExporter: number; stats: number; prometheus: number; alertmanager: number },
): Record<Job, Target[]> {
  const on = (port: number, tier?: string) =>
    machines
      .filter((m) => tier === undefined || m.tier === tier)
      .map((m): Target => ({
        targets: [`${m.address}:${port}`],
        labels: { instance: m.name, tier: m.tier },
      }));
  return {
    node: on(ports.nodeExporter),
    haproxy: on(ports.stats, "entry"),
    prometheus: on(ports.prometheus, "monitor"),
    alertmanager: on(ports.alertmanager, "monitor"),
  };
}
