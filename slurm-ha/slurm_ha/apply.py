"""The running slurmctld follows slurm.conf."""

import re

from slurm_ha.host import UNIT, Host
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings

ANSWER = 60.0  # s for slurmctld to answer, restart included
# Options that `scontrol reconfigure` does not take over (slurm.conf(5), 22.05), besides the list of nodes.
RESTART_OPTIONS = (
    r"(Auth|Cluster|ControlMachine|SlurmctldHost|SlurmctldPort|SlurmctldParameters|SlurmdPort|StateSave"
    r"|SelectType|SchedulerType|AccountingStorage|JobAcctGather|Proctrack|TaskPlugin|PriorityType|SlurmUser"
    r"|NodeName|NodeSet)"
)


def apply(settings: Settings, host: Host) -> None:
    """Reconfigure, or restart where Slurm demands it. Where slurmctld does not run there is nothing to do."""
    deadline = host.now() + ANSWER
    wait_for_answer(
        host, deadline, "no slurmctld has answered for 60 s; journalctl -u slurmctld -u slurm-watch says why"
    )
    wanted = (settings.share / "config/slurm.conf").read_text()
    known = settings.applied.read_text() if settings.applied.exists() else ""
    if host.vip_is_here(settings.vip) and not (settings.share / "spool/assoc_mgr_state").exists():
        # Of a new cluster. It has slurmctld save what it knows from slurmdbd, without which one does not start
        # while no slurmdbd answers; by itself it does so after five minutes.
        host.run("scontrol", "reconfigure")
    if not host.vip_is_here(settings.vip) or wanted == known:
        print("unchanged")
        return
    if needs_restart(wanted, known):
        host.run("systemctl", "restart", UNIT)
        wait_for_answer(host, deadline, "slurmctld does not answer after the restart")
    host.run("scontrol", "reconfigure")
    settings.applied.write_text(wanted)
    print("changed")


def needs_restart(wanted: str, known: str) -> bool:
    differing = set(wanted.splitlines()) ^ set(known.splitlines())
    return any(re.match(RESTART_OPTIONS, line, re.IGNORECASE) for line in differing)


def wait_for_answer(host: Host, deadline: float, otherwise: str) -> None:
    while host.ask("scontrol", "ping").code != 0:
        if host.now() > deadline:
            raise Refused(otherwise)
        host.sleep(0.2)
