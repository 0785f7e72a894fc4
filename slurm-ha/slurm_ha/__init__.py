"""Which of the controllers may run slurmctld, proven on the state share.

slurmctld has no lock of its own: two of them on one state directory both write it. So every start claims the
next epoch on the share (an exclusive hard link, atomic on NFS too), the holder writes a heartbeat twice a
second, and nobody starts while another's heartbeat is fresh. One that fell silent without a release may still
wake up and write, so it is switched off through its hypervisor first. Only the winner of a claim does that:
the two can never switch each other off. Times are compared with the share's own clock.

  slurm-ha provision  make the share's directories and its identity, once
  slurm-ha guard      before slurmctld starts: exit 0 when it may, 1 with the reason when not
  slurm-ha release    after slurmctld has ended: the other controller need not wait
  slurm-ha watch      service slurm-watch: lives as long as this machine is fit to hold the VIP
  slurm-ha keep       service slurm-keep: what administrators set on nodes outlives slurmctld
  slurm-ha fenced X   the operator's word that controller X is off, when its hypervisor cannot be asked
  slurm-ha lost       jobs that a crash has taken, as JSON; resubmit JOB [USER] submits one again, forget JOB lets it go
  slurm-ha try-fencing  whether the other controller could be switched off; service slurm-fencing, twice a minute
  slurm-ha metrics    tells Prometheus of Slurm, in a file for node_exporter; service slurm-metrics, twice a minute
  slurm-ha apply      let the running slurmctld follow slurm.conf; prints "changed" or "unchanged"

Settings come from /etc/default/slurm-ha.
"""
