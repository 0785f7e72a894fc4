import { FULL_PERCENT } from "../../look";
import { SLURMCTLD } from "../../controllers/units";
import { type AlertRule, DOCTOR } from "./rule";

/** What a file system has left from which on `hpc status` calls it full. */
const FULL = (100 - FULL_PERCENT) / 100;
const free = "node_filesystem_avail_bytes / node_filesystem_size_bytes";

/** What any machine may have. Who of the web nodes should be there is HAProxy's to say: a pool of planned ones is asked. */
export const machineRules = (): AlertRule[] => [
  {
    alert: "MachineDown",
    expr: 'up{job="node", tier!="web"} == 0',
    for: "1m",
    severity: "warning",
    summary: "{{ $labels.instance }} ({{ $labels.tier }}) does not answer.",
    meaning: "It is off, frozen or cut off. Its set serves on with what is left, and has no spare.",
    next: DOCTOR,
  },
  {
    alert: "ExporterDown",
    expr: 'up{job!~"node|https|prometheus|alertmanager"} == 0 and on (instance) up{job="node"} == 1',
    for: "2m",
    severity: "warning",
    summary: "On {{ $labels.instance }} nobody tells of {{ $labels.job }}.",
    meaning: "The program is down, or what tells of it is; the machine itself answers.",
    next: DOCTOR,
  },
  {
    alert: "UnitFailed",
    expr: 'max without (state, type) (node_systemd_unit_state{state="failed"}) == 1',
    for: "1m",
    severity: "warning",
    summary: "On {{ $labels.instance }} {{ $labels.name }} has failed.",
    meaning: "It ended by itself, and systemd has given it up.",
    next: DOCTOR,
  },
  {
    alert: "UnitNotRunning",
    expr: `max without (state, type) (node_systemd_unit_state{state="active", name!="${SLURMCTLD}.service"}) == 0`,
    for: "2m",
    severity: "warning",
    summary: "On {{ $labels.instance }} {{ $labels.name }} does not run.",
    meaning: "Its tier needs it on each of its machines. Somebody may have stopped it.",
    next: DOCTOR,
  },
  {
    alert: "DiskFull",
    expr: `${free} < ${FULL}`,
    for: "1m",
    severity: "critical",
    summary:
      "On {{ $labels.instance }} {{ $labels.mountpoint }} has {{ $value | humanizePercentage }} left.",
    meaning: "What writes there fails soon.",
    next: DOCTOR,
  },
  {
    alert: "DiskFillsUp",
    expr: `${free} < 0.25 and predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0`,
    for: "1h",
    severity: "warning",
    summary: "On {{ $labels.instance }} {{ $labels.mountpoint }} is full within a day.",
    meaning: "If it goes on as in the last six hours.",
    next: DOCTOR,
  },
  {
    alert: "InodesFull",
    expr: "node_filesystem_files_free / (node_filesystem_files > 0) < 0.05",
    for: "5m",
    severity: "warning",
    summary: "On {{ $labels.instance }} {{ $labels.mountpoint }} can have few more files.",
    meaning: "No new file can be made when there is none left, whatever space there is.",
    next: DOCTOR,
  },
  {
    alert: "DiskReadOnly",
    expr: 'node_filesystem_readonly{mountpoint=~"/|/slurm_shared|/var/.*"} == 1',
    for: "1m",
    severity: "critical",
    summary: "On {{ $labels.instance }} {{ $labels.mountpoint }} cannot be written.",
    meaning: "The kernel does that when the disk below has faults.",
    next: DOCTOR,
  },
  {
    alert: "MemoryLow",
    expr: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.05",
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory left.",
    meaning: "The kernel ends programs when there is none: sizes.{{ $labels.tier }}.memoryMiB.",
    next: DOCTOR,
  },
  {
    alert: "CpuBusy",
    expr:
      '1 - sum by (instance, tier) (rate(node_cpu_seconds_total{mode=~"idle|iowait", tier!="compute"}[10m])) ' +
      '/ sum by (instance, tier) (rate(node_cpu_seconds_total{tier!="compute"}[10m])) > 0.95',
    for: "30m",
    severity: "info",
    summary: "The processors of {{ $labels.instance }} have been busy for half an hour.",
    meaning: "Compute nodes may; others answer late: sizes.{{ $labels.tier }}.vcpus.",
    next: DOCTOR,
  },
  {
    alert: "ClockWrong",
    expr: "abs(node_time_seconds - timestamp(node_time_seconds)) > 5",
    for: "5m",
    severity: "warning",
    summary: "The clock of {{ $labels.instance }} is off by {{ $value | humanizeDuration }}.",
    meaning: "munge refuses what is minutes old or from the future, certificates too.",
    next: DOCTOR,
  },
  {
    alert: "MetricsStale",
    expr: "time() - node_textfile_mtime_seconds > 120",
    for: "2m",
    severity: "warning",
    summary: "On {{ $labels.instance }} {{ $labels.file }} is not written any more.",
    meaning: "What it tells is what was; rules that read it say nothing of now.",
    next: DOCTOR,
  },
  {
    alert: "MetricsUnreadable",
    expr: "node_textfile_scrape_error > 0",
    for: "2m",
    severity: "warning",
    summary: "On {{ $labels.instance }} a file of metrics cannot be read.",
    meaning: "Rules that read it say nothing.",
    next: DOCTOR,
  },
];
