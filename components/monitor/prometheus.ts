import * as yaml from "js-yaml";
import type { Job } from "./targets";

/** Between two looks at everything, s. Rules wait for at least two of them. */
export const SCRAPE_SECONDS = 15;

/** What of a kind of metrics is asked for, where it is not all of it. */
const ASKED: Partial<Record<Job, object>> = {
  // Empty slots are no servers that are down.
  haproxy: { params: { "no-maint": [""] } },
};

/** Path of a kind's targets, as seen from prometheus.yml. */
export const targetsFile = (job: string): string => `targets/${job}.json`;

/** prometheus.yml. @param alertmanagers addresses with port */
export const prometheusConfig = (jobs: string[], alertmanagers: string[]): string =>
  yaml.dump({
    global: {
      scrape_interval: `${SCRAPE_SECONDS}s`,
      // What is frozen takes connections and says nothing.
      scrape_timeout: "10s",
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
