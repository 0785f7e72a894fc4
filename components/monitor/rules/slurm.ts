import { SLURMCTLD } from "../../controllers/units";
import { type AlertRule, DOCTOR, STATUS } from "./rule";

const running = `node_systemd_unit_state{name="${SLURMCTLD}.service", state="active"}`;

/** The control plane. */
export const slurmRules = (): AlertRule[] => [
  {
    alert: "SlurmctldAbsent",
    // systemd forgets a unit that it has no use for: there may be no series at all.
    expr: `(sum(${running}) or vector(0)) == 0 and on () sum(up{job="node", tier="controllers"}) > 0`,
    // A takeover takes seconds.
    for: "30s",
    severity: "critical",
    summary: "slurmctld runs on no controller.",
    meaning: "sbatch, squeue and srun wait; jobs that run go on.",
    next: DOCTOR,
  },
  {
    alert: "SlurmctldTwice",
    expr: `sum(${running}) > 1`,
    for: "30s",
    severity: "critical",
    summary: "slurmctld runs on both controllers.",
    meaning: "Only one of them may write the state; the other one should have been fenced.",
    next: DOCTOR,
  },
  {
    alert: "SlurmVipWithoutSlurmctld",
    expr: "slurm_ha_vip_here == 1 and slurm_ha_slurmctld_here == 0",
    for: "30s",
    severity: "critical",
    summary: "{{ $labels.instance }} holds the Slurm VIP, and no slurmctld runs there.",
    meaning: "It cannot prove that the state is its own, or slurmctld ends at once.",
    next: DOCTOR,
  },
  {
    alert: "SlurmctldSilent",
    expr: "slurm_ha_answers == 0",
    for: "2m",
    severity: "critical",
    summary:
      "slurmctld on {{ $labels.instance }} runs, and does not answer sdiag, squeue or sinfo.",
    meaning: "Users' commands wait too.",
    next: DOCTOR,
  },
  {
    alert: "SlurmSuspect",
    expr: "max(slurm_ha_suspects) > 0",
    for: "5m",
    severity: "warning",
    summary: "A controller fell silent and may still write the state.",
    meaning: "It has not been switched off for certain; no other takes over before it is.",
    next: DOCTOR,
  },
  {
    alert: "SlurmTakeovers",
    expr: "max(changes(slurm_ha_epoch[1h])) > 3",
    for: "0s",
    severity: "warning",
    summary: "slurmctld was started {{ $value }} times within an hour.",
    meaning: "It is handed to and fro, or does not stay up.",
    next: DOCTOR,
  },
  {
    alert: "SlurmdbdQueueGrows",
    expr: "slurm_slurmdbd_queue_size > 1000",
    for: "10m",
    severity: "warning",
    summary: "{{ $value }} records wait for slurmdbd.",
    meaning: "No slurmdbd takes them. slurmctld keeps them, until there are too many.",
    next: DOCTOR,
  },
  {
    alert: "SlurmNodesNotResponding",
    expr: "slurm_nodes_noresp > 0",
    for: "5m",
    severity: "warning",
    summary: "{{ $value }} compute nodes do not answer slurmctld.",
    meaning: "Their jobs are given up after SlurmdTimeout.",
    next: DOCTOR,
  },
  {
    alert: "SlurmNodesDown",
    expr: "slurm_nodes_down + slurm_nodes_fail > 0",
    for: "5m",
    severity: "warning",
    summary: "{{ $value }} compute nodes are down.",
    meaning: "They take no jobs, until somebody gives them back.",
    next: DOCTOR,
  },
  {
    alert: "SlurmNodesDrainLong",
    expr: "slurm_nodes_draining > 0",
    for: "1d",
    severity: "info",
    summary: "{{ $value }} compute nodes have been draining for a day.",
    meaning: "A job on them does not end.",
    next: STATUS,
  },
  {
    alert: "SlurmNodesUnknown",
    expr: "slurm_nodes_unknown > 0",
    for: "10m",
    severity: "warning",
    summary: "Of {{ $value }} compute nodes slurmctld knows nothing.",
    meaning: "They have not reported since it started.",
    next: DOCTOR,
  },
  {
    alert: "SlurmSchedulerSlow",
    // Microseconds, as Slurm tells it.
    expr: "slurm_schedule_cycle_last > 5e6",
    for: "10m",
    severity: "warning",
    summary: "A scheduling cycle takes {{ $value }} microseconds.",
    meaning: "Users' commands wait meanwhile.",
    next: STATUS,
  },
  {
    alert: "SlurmAgentQueueGrows",
    expr: "slurm_agent_queue_size > 50",
    for: "10m",
    severity: "warning",
    summary: "{{ $value }} messages wait for compute nodes that do not take them.",
    meaning: "Nodes are overloaded or cut off.",
    next: DOCTOR,
  },
  {
    alert: "SlurmJobsWaitLong",
    expr: "slurm_ha_partition_jobs_wait_seconds_max > 86400",
    for: "10m",
    severity: "info",
    summary:
      "A job has waited for partition {{ $labels.partition }} for {{ $value | humanizeDuration }}.",
    meaning: "It could run if there were room: nobody holds it, and it depends on nothing.",
    next: STATUS,
  },
];
