import type { MachineAddress } from "../../lib/machines";
import { alertmanagerConfig } from "./alertmanager";
import { LEAST_FREE_BYTES, STORE_PORT } from "./logs";
import { blackboxConfig, prometheusConfig, SCRAPE_SECONDS, targetsFile } from "./prometheus";
import { rulesFile, type RuleGround } from "./rules";
import type { MonitorConfig } from "./settings";
import { type TargetPorts, targetsOf, type Users } from "./targets";

export interface MonitorSettings {
  config: MonitorConfig;
  /** All machines that there may be. */
  machines: MachineAddress[];
  users: Users;
  ports: TargetPorts & { alertmanagerPeer: number; logs: number };
  rules: RuleGround;
  logs: {
    /** Stands for the store's program: another one is installed anew. */
    program: string;
    /** The site's CA (PEM). */
    ca: string;
    /** Certificate and key (PEM) of each machine of the monitor, by name. Secret. */
    certificates: Record<string, string>;
  };
}

/** Variables of ansible/monitor.yml; its role's argument_specs describe them. */
export function monitorVars({
  config,
  machines,
  users,
  ports,
  rules,
  logs,
}: MonitorSettings): Record<string, unknown> {
  const targets = Object.entries(targetsOf(machines, users, ports, config.hypervisors));
  const alertmanagers = machines
    .filter(({ tier }) => tier === "monitor")
    .map(({ address }) => `${address}:${ports.alertmanager}`);
  const files = {
    "prometheus.yml": prometheusConfig(
      targets.map(([job]) => job),
      alertmanagers,
    ),
    "blackbox.yml": blackboxConfig(),
    "rules.yml": rulesFile(rules),
    "alertmanager.yml": alertmanagerConfig(config),
    ...Object.fromEntries(
      targets.map(([job, all]) => [targetsFile(job), `${JSON.stringify(all, undefined, 1)}\n`]),
    ),
  };
  return {
    // As Ansible does not take them for templates of its own.
    monitor_files: Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
    ),
    monitor_prometheus_port: ports.prometheus,
    monitor_alertmanager_port: ports.alertmanager,
    monitor_peer_port: ports.alertmanagerPeer,
    monitor_blackbox_port: ports.blackboxExporter,
    monitor_step_seconds: SCRAPE_SECONDS,
    monitor_retention_days: config.retentionDays,
    monitor_retention_gib: config.retentionGiB,
    log_store_program: logs.program,
    log_store_port: STORE_PORT,
    log_store_entry_port: ports.logs,
    log_store_retention_days: config.logs.retentionDays,
    log_store_retention_gib: config.logs.retentionGiB,
    log_store_least_free_bytes: LEAST_FREE_BYTES,
    log_store_ca: logs.ca,
    log_store_certificates: logs.certificates,
  };
}
