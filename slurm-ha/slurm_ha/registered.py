"""Whether a job that slurmctld does not know may still run.

A slurmctld that starts asks all nodes what runs there, three seconds later, and has ended what it does not know (in its
log: Orphan). Until a node has answered it shows no time of that node's boot, which it does not save (22.05:
validate_jobs_on_node, ping_nodes).
"""

import re

from slurm_ha.host import Host

# s from then on until nothing is left of such a job: what Slurm itself waits for after SIGKILL (UnkillableStepTimeout).
ENDING = 60.0
# Of nodes whose jobs Slurm itself takes for ended: one that is silent is down after SlurmdTimeout.
GONE = {"DOWN", "FUTURE", "POWERED_DOWN", "POWERING_DOWN", "POWERING_UP"}


def silent_nodes(host: Host) -> list[str] | None:
    """Nodes that have not yet told this slurmctld what runs there; None when nobody could be asked."""
    done = host.ask("scontrol", "show", "nodes", "--oneliner")
    if done.code != 0:
        return None
    silent = []
    for line in done.stdout.splitlines():
        values = dict(re.findall(r"(?:^|\s)(NodeName|State|BootTime)=(\S*)", line))
        states = set(re.split(r"[^A-Z_]+", values.get("State", "")))
        if values.get("BootTime") == "None" and not states & GONE:
            silent.append(values["NodeName"])
    return silent


class Ended:
    """Whether all have told, and what they were told to end has ended. For one slurmctld."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._since: float | None = None

    def sure(self) -> bool:
        if silent_nodes(self._host) != []:
            self._since = None
            return False
        if self._since is None:
            self._since = self._host.now()
        return self._host.now() - self._since >= ENDING
