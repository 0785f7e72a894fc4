import { type AlertRule, DOCTOR, type RuleGround } from "./rule";

/** The monitor itself. */
export function ownRules({ monitors }: RuleGround): AlertRule[] {
  return [
    {
      alert: "Watchdog",
      expr: "vector(1)",
      for: "0s",
      severity: "info",
      summary: "The monitor works.",
      meaning: "It fires always; who does not see it is not told of anything else either.",
      next: DOCTOR,
    },
    {
      alert: "PrometheusDown",
      expr: 'up{job="prometheus"} == 0',
      for: "2m",
      severity: "warning",
      summary: "Prometheus on {{ $labels.instance }} does not answer.",
      meaning: "The other monitor, which says so, watches on.",
      next: DOCTOR,
    },
    {
      alert: "AlertmanagerDown",
      expr: 'up{job="alertmanager"} == 0',
      for: "2m",
      severity: monitors > 1 ? "warning" : "critical",
      summary: "Alertmanager on {{ $labels.instance }} does not answer.",
      meaning: monitors > 1 ? "The other one tells." : "Nobody is told of anything.",
      next: DOCTOR,
    },
    {
      alert: "AlertsNotSent",
      expr: "rate(alertmanager_notifications_failed_total[10m]) > 0",
      for: "10m",
      severity: "critical",
      summary: "{{ $labels.instance }} cannot tell anybody by {{ $labels.integration }}.",
      meaning: "The receiver refuses, or cannot be reached from there. monitor.alerts.",
      next: DOCTOR,
    },
    {
      alert: "AlertsDropped",
      expr: "rate(prometheus_notifications_dropped_total[10m]) > 0",
      for: "5m",
      severity: "critical",
      summary: "Prometheus on {{ $labels.instance }} reaches no Alertmanager.",
      meaning: "What it finds is told by the other one only, if there is one.",
      next: DOCTOR,
    },
    {
      alert: "RulesFail",
      expr: "rate(prometheus_rule_evaluation_failures_total[10m]) > 0",
      for: "10m",
      severity: "warning",
      summary:
        "Prometheus on {{ $labels.instance }} cannot judge rules of {{ $labels.rule_group }}.",
      meaning: "Something that two series are matched by is there twice.",
      next: DOCTOR,
    },
    {
      alert: "MetricsKeptShorter",
      expr: "increase(prometheus_tsdb_size_retentions_total[1d]) > 0",
      for: "0s",
      severity: "info",
      summary: "{{ $labels.instance }} forgets metrics before monitor.retentionDays are over.",
      meaning: "monitor.retentionGiB is reached first.",
      next: "pulumi config set --path hpc-ha:monitor.retentionGiB …",
    },
    ...(monitors > 1 ? [apart(monitors)] : []),
  ];
}

const apart = (monitors: number): AlertRule => ({
  alert: "AlertmanagersApart",
  expr: `alertmanager_cluster_members < ${monitors}`,
  for: "5m",
  severity: "warning",
  summary: "Alertmanager on {{ $labels.instance }} does not hear the other one.",
  meaning: "Everything is told twice.",
  next: DOCTOR,
});
