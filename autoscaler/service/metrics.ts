import { Counter, Gauge, Registry } from "prom-client";
import type { Snapshot } from "../console/source";
import type { Alert } from "../model";
import type { Result } from "../updates";

const PREFIX = "hpc_ha_autoscaler_";
const ALERTS: Alert["name"][] = [
  "ScalingFailed",
  "MetricsMissing",
  "SaturatedAtMaximum",
  "NodeReplacedTwice",
  "RedundancyReduced",
  "CloneOutdated",
  "ImageNotRefreshed",
];

/** The service's own metrics. Gauges are made from the snapshot when somebody asks. */
export class Metrics {
  private readonly registry = new Registry();
  private readonly looks = this.counter("looks_total", "Looks at the site's load", []);
  private readonly updates = this.counter("updates_total", "Updates of the pool", ["result"]);

  constructor(snapshot: () => Snapshot) {
    const gauge = (
      name: string,
      help: string,
      labels: string[],
      fill: (gauge: Gauge, now: Snapshot) => void,
    ) =>
      new Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames: labels,
        registers: [this.registry],
        collect() {
          this.reset();
          fill(this, snapshot());
        },
      });
    gauge(
      "nodes",
      "Web nodes: in the pool, serving, wanted by the rules, decided",
      ["kind"],
      (g, s) => {
        const { decision } = s;
        g.set({ kind: "pool" }, s.pool.length);
        g.set({ kind: "minimum" }, s.limits.min);
        g.set({ kind: "maximum" }, s.limits.max);
        if (!decision) return;
        for (const kind of ["serving", "wanted", "target"] as const)
          g.set({ kind }, decision[kind]);
      },
    );
    gauge("measure", "What each rule measured last", ["rule"], (g, { decision }) => {
      for (const { rule, value } of decision?.votes ?? []) {
        if (value !== undefined) g.set({ rule }, value);
      }
    });
    gauge("last_look_timestamp_seconds", "When it looked last", [], (g, { decision }) => {
      if (decision) g.set(decision.at / 1000);
    });
    gauge("state", "1: it is in this state", ["state"], (g, s) => {
      g.set({ state: "paused" }, Number(s.running === "paused"));
      g.set({ state: "dry-run" }, Number(s.running === "dry-run"));
      g.set({ state: "held" }, Number(s.memory.hold !== undefined));
      g.set({ state: "updating" }, Number(s.update !== undefined));
    });
    gauge("alert", "1: this is the matter", ["alert"], (g, { alerts }) => {
      for (const alert of ALERTS) g.set({ alert }, Number(alerts.some((a) => a.name === alert)));
    });
    gauge("cpu_seconds", "Processor time of the service since its start", [], (g) => {
      const { user, system } = process.cpuUsage();
      g.set((user + system) / 1e6);
    });
    gauge("resident_bytes", "Memory of the service", [], (g) => g.set(process.memoryUsage.rss()));
  }

  looked(): void {
    this.looks.inc();
  }

  updated({ ok, kind = "failed" }: Result): void {
    this.updates.inc({ result: ok ? "ok" : kind });
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [this.registry] });
  }
}
