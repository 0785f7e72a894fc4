import type { Panel } from "./panel";

/** The web tier: what users get, and who serves them. @param web selector of the web services' proxies */
export const webPanels = (web: string): Panel[] => [
  {
    title: "Requests",
    unit: "1/s",
    expr: `sum by (proxy) (rate(haproxy_backend_http_requests_total{${web}}[5m]))`,
    by: ["proxy"],
    help: "By service.",
  },
  {
    title: "Errors",
    unit: "share",
    expr:
      `sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}, code="5xx"}[5m])) ` +
      `/ (sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}}[5m])) > 0) ` +
      `or sum by (proxy) (rate(haproxy_backend_http_responses_total{${web}}[5m])) * 0`,
    by: ["proxy"],
    help: "Answers that are 5xx, of all.",
  },
  {
    title: "Time for an answer",
    unit: "seconds",
    expr: `max by (proxy) (haproxy_backend_response_time_average_seconds{${web}})`,
    by: ["proxy"],
    help: "Mean of the last 1024 requests, as HAProxy has it.",
  },
  {
    title: "Sessions",
    unit: "count",
    expr: `sum by (proxy) (haproxy_backend_current_sessions{${web}})`,
    by: ["proxy"],
    help: "WebSockets among them.",
  },
  {
    title: "Requests that wait",
    unit: "count",
    expr: `sum by (proxy) (haproxy_backend_current_queue{${web}})`,
    by: ["proxy"],
    help: "For a node that has room; none is good.",
  },
  {
    title: "Nodes in rotation",
    unit: "count",
    expr: `max by (proxy) (haproxy_backend_active_servers{${web}})`,
    by: ["proxy"],
    help: "Who serves each service.",
  },
  {
    title: "Processors of web nodes",
    unit: "share",
    expr:
      '1 - sum by (instance) (rate(node_cpu_seconds_total{mode=~"idle|iowait", tier="web"}[5m])) ' +
      '/ sum by (instance) (rate(node_cpu_seconds_total{tier="web"}[5m]))',
    by: ["instance"],
    help: "The autoscaler grows the pool by their mean.",
  },
  {
    title: "Connections of HAProxy",
    unit: "share",
    expr: "max by (instance) (haproxy_process_current_connections / haproxy_process_max_connections)",
    by: ["instance"],
    help: "Of those that it takes.",
  },
  {
    title: "Asked as a user",
    unit: "seconds",
    expr: 'max by (service) (probe_duration_seconds{service!=""})',
    by: ["service"],
    help: "From a monitor to the web VIP and back, TLS included.",
  },
  {
    title: "Until the certificate ends",
    unit: "seconds",
    expr: "min by (instance) (probe_ssl_earliest_cert_expiry) - time()",
    by: ["instance"],
    help: "At the web VIP and at each HAProxy node.",
  },
];
