"""Jobs that a crash starts twice. One that began in the last seconds before it is pending in the state that the next
slurmctld reads, and is started again where it still runs. slurmd refuses the second copy; slurmctld drains the node,
holds the job and has the first copy ended (22.05). Nothing is wrong with the node, and the job is to begin again as one
whose node died does: both are given back.
"""

import re

from slurm_ha.host import Host
from slurm_ha.messages import log
from slurm_ha.share import Share
from slurm_ha.unsaved import log_tail

TWICE = "Duplicate jobid"  # slurmctld's reason of the drained node
HELD_FOR_IT = "launch failed requeued held"  # and of the job; it has the same where a prolog fails
TWICE_WATCHED = 300.0  # s after slurmctld's start: nodes that are silent then are down by that time (SlurmdTimeout)
STARTED = re.compile(rb"(?:Allocate|_start_job: Started) JobId=(\d+)(?:[_+][^\s(]*\((\d+)\))?")


def give_back(share: Share, host: Host) -> None:
    nodes = {}
    for line in host.ask("sinfo", "-h", "-N", "-o", "%N|%T|%E").stdout.splitlines():
        name, state, reason = line.split("|", 2)
        if reason == TWICE:
            nodes[name] = state
    if not nodes:
        return
    began = began_before(log_tail(share.log))
    for line in host.ask("squeue", "-h", "-t", "PD", "-o", "%A|%t|%r").stdout.splitlines():
        job, state, reason = line.split("|", 2)
        if (state, reason) == ("PD", HELD_FOR_IT) and int(job) in began:
            host.run("scontrol", "release", job, must=False)
            log(f"job {job} had begun before the crash, and begins again")
    for name, state in nodes.items():
        if state == "drained":  # nothing of the first copy is left
            host.run("scontrol", "update", f"NodeName={name}", "State=RESUME", must=False)
            log(f"{name} takes jobs again: it was drained for a job that began before the crash")


def began_before(text: bytes) -> set[int]:
    """Jobs that a slurmctld before the present one has started."""
    earlier = text.rpartition(b" started on cluster ")[0]
    return {int(own or job) for job, own in STARTED.findall(earlier)}
