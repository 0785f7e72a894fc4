"""The running slurmctld follows slurm.conf: what changes in it wins, the rest stays as administrators have set it."""

import re

from slurm_ha.host import UNIT, Host
from slurm_ha.messages import Refused
from slurm_ha.nodes import nodes_of, note_nodes, restore_nodes
from slurm_ha.partitions import changes
from slurm_ha.settings import Settings
from slurm_ha.share import Share

ANSWER = 60.0  # s for slurmctld to answer, restart included
# Options that `scontrol reconfigure` does not take over (slurm.conf(5), 22.05), besides the list of nodes.
RESTART_OPTIONS = (
    r"(Auth|Cluster|ControlMachine|SlurmctldHost|SlurmctldPort|SlurmctldParameters|SlurmdPort|StateSave"
    r"|SelectType|SchedulerType|AccountingStorage|JobAcctGather|Proctrack|TaskPlugin|PriorityType|SlurmUser"
    r"|NodeName|NodeSet|GresTypes|MaxJobCount|TopologyPlugin)"
)


def apply(settings: Settings, host: Host) -> None:
    """Reconfigure, or restart where Slurm demands it. Where slurmctld does not run there is nothing to do."""
    deadline = host.now() + ANSWER
    wait_for_answer(
        host, deadline, "no slurmctld has answered for 60 s; journalctl -u slurmctld -u slurm-watch says why"
    )
    share = Share(settings, host)
    wanted = share.config()
    known = settings.applied.read_text() if settings.applied.exists() else ""
    # It may be older: a slurmctld that began with another slurm.conf has recovered what it replaces.
    pushed = share.pushed() or known
    if not host.vip_is_here(settings.vip):
        print("unchanged")
        return
    if not (share.spool / "assoc_mgr_state").exists():
        # Of a new cluster. It has slurmctld save what it knows from slurmdbd, without which one does not start
        # while no slurmdbd answers; by itself it does so after five minutes.
        host.run("scontrol", "reconfigure")
    if not wanted == known == pushed:
        release_nodes(host, pushed, wanted)
        if needs_restart(wanted, known):
            host.run("systemctl", "restart", UNIT)
            wait_for_answer(host, deadline, "slurmctld does not answer after the restart")
        host.run("scontrol", "reconfigure")
        settings.applied.write_text(wanted)
        tell_partitions(host, pushed, wanted)
        restore_nodes(share, host, pushed, wanted)
        # Before the push: slurm-keep takes what is noted for as old as the slurm.conf that was pushed.
        note_nodes(share, host)
    if share.pushed() != wanted:
        share.push(wanted)
    print("unchanged" if wanted == known == pushed else "changed")


def release_nodes(host: Host, old: str, new: str) -> None:
    """Takes nodes that go out of all partitions: slurmctld does not start with one whose node is not there."""
    gone = nodes_of(host, old) - nodes_of(host, new)
    if not gone:
        return
    for line in host.read("scontrol", "show", "partition", "--oneliner").splitlines():
        values = dict(re.findall(r"(?:^| )(PartitionName|Nodes)=(\S*)", line))
        nodes = host.read("scontrol", "show", "hostnames", values["Nodes"]).split()
        if gone & set(nodes):
            left = ",".join(node for node in nodes if node not in gone)
            host.run("scontrol", "update", f"PartitionName={values['PartitionName']}", f"Nodes={left}")


def tell_partitions(host: Host, old: str, new: str) -> None:
    """slurmctld takes over what slurm.conf says anew of a partition, and keeps what administrators set."""
    told, gone = changes(old, new)
    for name, values in told.items():
        host.run("scontrol", "update", f"PartitionName={name}", *[f"{key}={value}" for key, value in values.items()])
    for name in gone:
        done = host.ask("scontrol", "delete", f"PartitionName={name}")
        said = (done.stdout + done.stderr).strip()
        if done.code != 0 and "Invalid partition name" not in said:
            raise Refused(f"partition {name} is no longer in the config, and stays: {said}")


def needs_restart(wanted: str, known: str) -> bool:
    differing = set(wanted.splitlines()) ^ set(known.splitlines())
    return any(re.match(RESTART_OPTIONS, line, re.IGNORECASE) for line in differing)


def wait_for_answer(host: Host, deadline: float, otherwise: str) -> None:
    while host.ask("scontrol", "ping").code != 0:
        if host.now() > deadline:
            raise Refused(otherwise)
        host.sleep(0.2)
