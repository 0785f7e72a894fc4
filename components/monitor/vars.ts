import type { MachineAddress } from "../../lib/machines";
import { alertmanagerConfig } from "./alertmanager";
import { blackboxConfig, prometheusConfig, targetsFile } from "./prometheus";
import { rulesFile, type RuleGround } from "./rules";
import type { MonitorConfig } from "./settings";
import { type TargetPorts, targetsOf, type Users } from "./targets";

export interface MonitorSettings {
  config: MonitorConfig;
  /** All machines that there may be. */
  machines: MachineAddress[];
  users: Users;
  ports: TargetPorts & { alertmanagerPeer: number };
  rules: RuleGround;
}

/** Variables of ansible/monitor.yml; its role's argument_specs describe them. */
export function monitorVars({
  config,
  machines,
  users,
  ports,
  rules,
}: MonitorSettings): Record<string, unknown> {
  const targets = Object.entries(targetsOf(machines, users, ports));
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
    monitor_retention_days: config.retentionDays,
    monitor_retention_gib: config.retentionGiB,
  };
}
