import { type AlertRule, DOCTOR, STATUS } from "./rule";

const code = "probe_http_status_code";
const DAY = 86_400;
const left = "min by (instance) (probe_ssl_earliest_cert_expiry) - time()";

/** The entry as users find it, asked from the monitor's machines. */
export const httpsRules = (): AlertRule[] => [
  {
    alert: "ServiceUnreachable",
    expr: `${code}{service!=""} == 0 or ${code}{service!=""} >= 500`,
    for: "1m",
    severity: "critical",
    summary: "{{ $labels.service }} does not answer at {{ $labels.instance }}.",
    meaning:
      "Its users get an error (5xx), or nothing at all where the answer was 0: {{ $value }}.",
    next: DOCTOR,
  },
  {
    alert: "EntrySilent",
    expr: `${code}{service=""} == 0`,
    // Longer than what is said of a dead machine takes, which holds this one back: it is found out sooner than that.
    for: "2m",
    severity: "warning",
    summary: "{{ $labels.instance }} does not answer to https.",
    meaning: "With the web VIP on it nobody would be served.",
    next: DOCTOR,
  },
  {
    alert: "CertificateEnds",
    expr: `${left} < ${21 * DAY} and ${left} > 0`,
    for: "1h",
    severity: "warning",
    summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}.",
    meaning: "From then on browsers warn of the site. Its own file is tls.certificateFile.",
    next: "pulumi up",
  },
  {
    alert: "CertificateEnded",
    expr: `${left} <= 0`,
    for: "0s",
    severity: "critical",
    summary: "The certificate of {{ $labels.instance }} has ended.",
    meaning: "Browsers warn of the site, programs refuse it.",
    next: STATUS,
  },
];
