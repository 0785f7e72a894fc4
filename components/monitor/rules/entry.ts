import { anyOf, type AlertRule, DOCTOR, type RuleGround, STATUS } from "./rule";

/** HAProxy: who serves users, and where the data VIP leads. Counters begin anew at a reload: only rates are read. */
export function entryRules({ services, drainSeconds }: RuleGround): AlertRule[] {
  const web = `proxy=~"${anyOf(services)}"`;
  const data = 'proxy=~"redis|galera"';
  const inRotation = `count by (proxy, instance) (haproxy_server_status{${web}, state="UP"} == 1)`;
  return [
    {
      alert: "ServiceDown",
      expr: `max by (proxy) (haproxy_backend_active_servers{${web}}) == 0`,
      for: "30s",
      severity: "critical",
      summary: "Nobody serves {{ $labels.proxy }}.",
      meaning: "Its users get 503 from both HAProxy nodes.",
      next: DOCTOR,
    },
    {
      alert: "WebServerDown",
      expr: `max by (proxy, server) (haproxy_server_status{${web}, state="DOWN"}) == 1`,
      for: "1m",
      severity: "warning",
      summary:
        "The web node in {{ $labels.server }} does not answer the health check of {{ $labels.proxy }}.",
      meaning: "It is out of rotation; the others serve. The status tells which of them it is.",
      next: STATUS,
    },
    {
      alert: "DataEntryDown",
      expr: `max by (proxy) (haproxy_backend_active_servers{${data}} + haproxy_backend_backup_servers{${data}}) == 0`,
      for: "30s",
      severity: "critical",
      summary: "The data VIP leads to no {{ $labels.proxy }}.",
      meaning:
        "Without redis nobody logs in, without galera no setting is kept and no job is accounted.",
      next: DOCTOR,
    },
    {
      alert: "GaleraServerDown",
      expr: 'max by (server) (haproxy_server_status{proxy="galera", state="DOWN"}) == 1',
      for: "2m",
      severity: "warning",
      summary: "MariaDB on {{ $labels.server }} takes no clients.",
      meaning: "It is down, or not synced. The others serve.",
      next: DOCTOR,
    },
    {
      alert: "RotationDiffers",
      expr: `max by (proxy) (${inRotation}) != min by (proxy) (${inRotation})`,
      for: "2m",
      severity: "warning",
      summary: "The HAProxy nodes have not the same web nodes in rotation for {{ $labels.proxy }}.",
      meaning: "After a failover of the web VIP others would serve than do now.",
      next: STATUS,
    },
    {
      alert: "WebNodeNotWatched",
      expr: `max(${inRotation}) > (count(up{job="node", tier="web"} == 1) or vector(0))`,
      for: "5m",
      severity: "warning",
      summary: "{{ $value }} web nodes serve, and not all of them tell how they are.",
      meaning: "node_exporter does not run on one of them: the autoscaler does not know its load.",
      next: DOCTOR,
    },
    {
      alert: "DrainStuck",
      expr: `max by (proxy, server) (haproxy_server_status{${web}, state="DRAIN"}) == 1`,
      for: `${drainSeconds + 300}s`,
      severity: "warning",
      summary:
        "The web node in {{ $labels.server }} has been draining from {{ $labels.proxy }} for longer than a drain takes.",
      meaning: "A change was cut off: the node takes no new clients, and nobody takes it out.",
      next: "pulumi up",
    },
    {
      alert: "ServiceErrors",
      expr:
        `sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}, code="5xx"}[5m])) ` +
        `/ sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}}[5m])) > 0.05 ` +
        // As long as it counts what was while nobody served: of that there was an alert, and it is over.
        `unless on (proxy) max by (proxy) (min_over_time(haproxy_backend_active_servers{${web}}[6m])) == 0`,
      for: "5m",
      severity: "critical",
      summary:
        "{{ $value | humanizePercentage }} of the answers of {{ $labels.proxy }} are errors (5xx).",
      meaning: "Its nodes answer their health checks, so it is not them that are down.",
      next: STATUS,
    },
    {
      alert: "ServiceQueue",
      expr: `max by (proxy) (haproxy_backend_current_queue{${web}}) > 20`,
      for: "2m",
      severity: "warning",
      summary: "{{ $value }} requests wait for a node of {{ $labels.proxy }}.",
      meaning: "The pool is too small, or the autoscaler does not grow it.",
      next: "npx hpc why",
    },
    {
      alert: "ServiceSlow",
      expr: `max by (proxy) (haproxy_backend_response_time_average_seconds{${web}}) > 3`,
      for: "10m",
      severity: "warning",
      summary: "{{ $labels.proxy }} takes {{ $value | humanizeDuration }} for an answer.",
      meaning: "The mean of its last 1024 requests.",
      next: STATUS,
    },
    {
      alert: "ConnectionsNearLimit",
      expr: "haproxy_process_current_connections / haproxy_process_max_connections > 0.8",
      for: "2m",
      severity: "warning",
      summary:
        "{{ $labels.instance }} has {{ $value | humanizePercentage }} of the connections it takes.",
      meaning: "What is more waits in the kernel: sizes.entry.memoryMiB or web.max set the limit.",
      next: STATUS,
    },
    {
      alert: "HealthCheckFlaps",
      expr: `sum by (proxy) (increase(haproxy_server_check_up_down_total{${web}}[15m])) > 10`,
      for: "5m",
      severity: "warning",
      summary: "Web nodes of {{ $labels.proxy }} go out of rotation and come back again and again.",
      meaning:
        "They answer too late now and then: too little CPU, or services.checkSeconds too short.",
      next: STATUS,
    },
    {
      alert: "VipNobody",
      expr: "max by (vip) (vip_held) == 0",
      for: "30s",
      severity: "critical",
      summary: "No machine holds the {{ $labels.vip }} VIP.",
      meaning: "Nobody is reached there.",
      next: DOCTOR,
    },
    {
      alert: "VipTwice",
      expr: "sum by (vip) (vip_held) > 1",
      for: "30s",
      severity: "critical",
      summary: "Two machines hold the {{ $labels.vip }} VIP.",
      meaning: "They do not hear each other, and clients come to either of them.",
      next: DOCTOR,
    },
    {
      alert: "VipFlaps",
      expr: "max by (vip) (changes(vip_held[15m])) > 4",
      for: "0s",
      severity: "warning",
      summary: "The {{ $labels.vip }} VIP moves again and again.",
      meaning:
        "Each move costs its clients a moment: failoverPatience, or a machine that stands still.",
      next: DOCTOR,
    },
  ];
}
