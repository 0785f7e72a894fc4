import { type AlertRule, DOCTOR, STATUS } from "./rule";

/** File systems that are always full (images of packages, installation media), or of no disk. */
const OF_DISKS = 'fstype!~"squashfs|iso9660|tmpfs|ramfs|overlay|fuse.*|nfs.*"';
const free = `hypervisor_filesystem_avail_bytes{${OF_DISKS}} / hypervisor_filesystem_size_bytes`;

/** Hypervisors of the owner's, where he has them told (monitor.hypervisors): what ails them ails several machines at once. */
export const hypervisorRules = (): AlertRule[] => [
  {
    alert: "HypervisorDown",
    expr: 'up{job="hypervisor"} == 0',
    for: "1m",
    severity: "warning",
    summary: "The hypervisor {{ $labels.instance }} does not tell how it is.",
    meaning: "It is down or cut off, with all its machines; or only its node_exporter is.",
    next: STATUS,
  },
  {
    alert: "HypervisorMemoryLow",
    expr: "hypervisor_memory_MemAvailable_bytes / hypervisor_memory_MemTotal_bytes < 0.05",
    for: "5m",
    severity: "warning",
    summary:
      "The hypervisor {{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory left.",
    meaning: "When there is none its kernel ends a machine, a large one first.",
    next: DOCTOR,
  },
  {
    alert: "HypervisorDiskFull",
    expr: `${free} < 0.05`,
    for: "1m",
    severity: "critical",
    summary:
      "On the hypervisor {{ $labels.instance }} {{ $labels.mountpoint }} has {{ $value | humanizePercentage }} left.",
    meaning: "With disks of machines on it these stand still at their next write.",
    next: DOCTOR,
  },
  {
    alert: "HypervisorDiskFillsUp",
    expr: `${free} < 0.25 and predict_linear(hypervisor_filesystem_avail_bytes[6h], 86400) < 0`,
    for: "1h",
    severity: "warning",
    summary:
      "On the hypervisor {{ $labels.instance }} {{ $labels.mountpoint }} is full within a day.",
    meaning: "If it goes on as in the last six hours. Disks of machines grow as these write.",
    next: DOCTOR,
  },
  {
    alert: "HypervisorDiskReadOnly",
    expr: `hypervisor_filesystem_readonly{${OF_DISKS}, mountpoint=~"/|/var/.*"} == 1`,
    for: "1m",
    severity: "critical",
    summary: "On the hypervisor {{ $labels.instance }} {{ $labels.mountpoint }} cannot be written.",
    meaning: "The kernel does that when the disk below has faults.",
    next: DOCTOR,
  },
];
