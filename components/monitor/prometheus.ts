import * as yaml from "js-yaml";
import type { Job } from "./targets";

/** How the entry is asked, as users ask it. */
const HTTPS_MODULE = "https";
/** How Redis is asked at the data VIP: whoever is there answers to a goodbye, without a password. */
const SESSIONS_MODULE = "sessions";
/** What is read of a hypervisor, of all that its node_exporter has. */
const OF_HYPERVISOR =
  "(memory_Mem(Available|Total)_bytes|filesystem_(avail_bytes|size_bytes|readonly))";

/** Between two looks at everything, s. Rules wait for at least two of them. */
export const SCRAPE_SECONDS = 15;
/** Longest wait for one who is asked, s. What is frozen takes connections and says nothing. */
export const SCRAPE_TIMEOUT_SECONDS = 10;

/** What of a kind of metrics is asked for, where it is not all of it. Of whom a program is asked is with its target. */
const ASKED: Partial<Record<Job, object>> = {
  // Empty slots are no servers that are down.
  haproxy: { params: { "no-maint": [""] } },
  redis: { metrics_path: "/scrape" },
  sentinel: { metrics_path: "/scrape" },
  https: { metrics_path: "/probe", params: { module: [HTTPS_MODULE] } },
  sessions: { metrics_path: "/probe", params: { module: [SESSIONS_MODULE] } },
  // Under names of their own: no rule of the site's machines speaks of one that is not the site's.
  hypervisor: {
    metric_relabel_configs: [
      {
        source_labels: ["__name__"],
        regex: `node_${OF_HYPERVISOR}`,
        target_label: "__name__",
        replacement: "hypervisor_$1",
      },
      { source_labels: ["__name__"], regex: "hypervisor_.*", action: "keep" },
    ],
  },
};

/** Path of a kind's targets, as seen from prometheus.yml. */
export const targetsFile = (job: string): string => `targets/${job}.json`;

/** prometheus.yml. @param alertmanagers addresses with port */
export const prometheusConfig = (jobs: string[], alertmanagers: string[]): string =>
  yaml.dump({
    global: {
      scrape_interval: `${SCRAPE_SECONDS}s`,
      scrape_timeout: `${SCRAPE_TIMEOUT_SECONDS}s`,
      evaluation_interval: `${SCRAPE_SECONDS}s`,
    },
    rule_files: ["rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] },
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      ...ASKED[job as Job],
      file_sd_configs: [{ files: [targetsFile(job)] }],
    })),
  });

/**
 * blackbox.yml: whether it answers, and until when its certificate is good. By whom that is signed, and for which name, is
 * not asked: the owner's may be for a name that this machine does not know, and both are checked before it is installed.
 */
export const blackboxConfig = (): string =>
  yaml.dump({
    modules: {
      [HTTPS_MODULE]: {
        prober: "http",
        timeout: "5s",
        http: {
          // Which answer is a fault is for a rule to say: a service may want a login, or another host name.
          follow_redirects: false,
          preferred_ip_protocol: "ip4",
          tls_config: { insecure_skip_verify: true },
        },
      },
      [SESSIONS_MODULE]: {
        prober: "tcp",
        timeout: "5s",
        tcp: {
          preferred_ip_protocol: "ip4",
          tls: true,
          tls_config: { insecure_skip_verify: true },
          // Redis hangs up itself then: HAProxy has nothing to log.
          query_response: [{ send: "QUIT" }, { expect: "^\\+OK" }],
        },
      },
    },
  });
