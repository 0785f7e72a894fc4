import { LEAST_FREE_BYTES } from "../logs";
import { type AlertRule, DOCTOR } from "./rule";

/** Age of a machine's last sign of life in a store from which on it is silent, s: it writes one a minute. */
const SILENT_SECONDS = 300;
/** Stores that work. */
const STORES = "count(log_store_up == 1)";
/** Machines that all of these have heard of. */
const HEARD = `count by (machine) (time() - log_heard_seconds < ${SILENT_SECONDS}) >= on () group_left () ${STORES}`;

/** The logs of all machines: that they come, and what becomes of them. */
export const logRules = (): AlertRule[] => [
  {
    alert: "LogsSilent",
    // Of machines that answer; where no store works, that is another alert.
    expr:
      `up{job="node"} == 1 unless on (instance) label_replace(${HEARD}, "instance", "$1", "machine", "(.*)") ` +
      `and on () ${STORES} > 0`,
    for: "5m",
    severity: "warning",
    summary: "A log store has heard nothing of {{ $labels.instance }} for 5 minutes.",
    meaning: "The machine answers. What it logs waits in its own journal; log-keep there says why.",
    next: "npx hpc logs {{ $labels.instance }} --grep 'This machine lives'",
  },
  {
    alert: "LogsStuck",
    // What stands is mended after 5 minutes. A store that is down is another alert.
    expr:
      "log_upload_behind_seconds > 1200 and on (store) " +
      'label_replace(log_store_up == 1, "store", "$1", "instance", "(.*)")',
    for: "5m",
    severity: "warning",
    summary:
      "{{ $labels.store }} has the logs of {{ $labels.instance }} only until {{ $value | humanizeDuration }} ago.",
    meaning: "Sending stands, and does not mend itself. They are lost when the journal is full.",
    next: "npx hpc logs {{ $labels.instance }} --grep 'This machine lives'",
  },
  {
    alert: "LogsLeftOut",
    expr: "time() - log_upload_skipped_seconds < 3600",
    for: "0s",
    severity: "info",
    summary: "Lines of {{ $labels.instance }} did not get to {{ $labels.store }}.",
    meaning: "They could not be sent, or the journal was full. log-keep on the machine says which.",
    next: "npx hpc logs {{ $labels.instance }} --grep lacks",
  },
  {
    alert: "LogStoreDown",
    expr: "log_store_up == 0",
    for: "2m",
    severity: "warning",
    summary: "The log store on {{ $labels.instance }} does not answer.",
    meaning: "The journals of the machines keep what it misses, as far as they have room.",
    next: DOCTOR,
  },
  {
    alert: "LogStoreFull",
    expr: "log_store_read_only == 1",
    for: "1m",
    severity: "warning",
    summary: "The log store on {{ $labels.instance }} takes no more lines: its disk is full.",
    meaning: "The journals of the machines keep what it misses, as far as they have room.",
    next: "pulumi config set --path hpc-ha:monitor.logs.retentionGiB …",
  },
  {
    alert: "LogStoreFillsUp",
    expr: `log_store_free_bytes < ${2 * LEAST_FREE_BYTES} and on (instance) log_store_read_only == 0`,
    for: "10m",
    severity: "warning",
    summary:
      "The log store on {{ $labels.instance }} has {{ $value | humanize1024 }}B of disk left.",
    meaning: "It takes no more lines when half of that is gone.",
    next: "pulumi config set --path hpc-ha:monitor.logs.retentionGiB …",
  },
];
