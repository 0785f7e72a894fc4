"""What Prometheus is told of Slurm and of this controller, for node_exporter's textfile collector.

Where slurmctld runs: one question each of sdiag, squeue and sinfo, however many metrics come of it, with the names that
Slurm's own metrics have from 25.11 on, so that rules and panels outlive the change to them. Only there: the other
controller would tell everything twice. Of the state each controller says what it sees itself.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from slurm_ha.host import Host
from slurm_ha.settings import Settings
from slurm_ha.share import Share

METRICS = Path("/run/metrics/slurm/slurm.prom")  # as role node_exporter has it
REACHED = Path("/run/metrics/sbatch/sbatch.prom")
PATIENCE = "8"  # s for one question: less than between two runs
Sample = tuple[str, dict[str, str], float]

# Lines of sdiag, and what Slurm's own metrics call them.
DIAG = {
    "Server thread count": "server_thread_cnt",
    "Agent queue size": "agent_queue_size",
    "DBD Agent queue size": "slurmdbd_queue_size",
    "Jobs submitted": "sdiag_jobs_submitted",
    "Jobs started": "sdiag_jobs_started",
    "Jobs completed": "sdiag_jobs_completed",
    "Jobs canceled": "sdiag_jobs_canceled",
    "Jobs failed": "sdiag_jobs_failed",
}
MAIN_CYCLE = {
    "Last cycle": "schedule_cycle_last",
    "Max cycle": "schedule_cycle_max",
    "Total cycles": "schedule_cycle_cnt",
    "Mean cycle": "sched_mean_cycle",
    "Last queue length": "schedule_queue_len",
}
BACKFILL = {"Last cycle": "bf_cycle_last", "Max cycle": "bf_cycle_max", "Mean cycle": "bf_mean_cycle"}
# States of squeue and sinfo by their words, where Slurm's own metrics have others.
JOBS = ("pending", "running", "suspended", "completing", "completed", "failed", "cancelled", "timeout", "node_fail")
JOB_NAMES = {"node_fail": "node_failed"}
NODES = ("idle", "allocated", "mixed", "down", "drained", "draining", "fail", "maint", "unknown", "completing")
NODE_NAMES = {"allocated": "alloc"}
# A job that waits for these does not wait for the cluster.
NOT_YET = re.compile(r"Job(Held\w*|ArrayTaskLimit)|Dependency\w*|BeginTime|Reservation")


def metrics(settings: Settings, host: Host, file: Path = METRICS) -> None:
    """Written whole or not at all: whoever reads sees the text of one run."""
    share = Share(settings, host)
    here = host.unit().running
    written(file, [*of_controller(settings, share, host, here), *(of_slurm(host) if here else [])])


def reached(settings: Settings, host: Host, file: Path = REACHED) -> None:
    """Whether slurmctld answers at the VIP, where sbatch asks too. Both controllers do, one of them over the network.

    Nothing else is asked: a share that hangs must hold nobody back from saying so.
    """
    answer = host.ask("timeout", PATIENCE, "sdiag")
    written(file, [("slurm_ha_reached", {}, answer.code == 0)])


def written(file: Path, samples: list[Sample]) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_text(rendered(samples))
    new.rename(file)


def of_controller(settings: Settings, share: Share, host: Host, here: bool) -> Iterator[Sample]:
    yield "slurm_ha_slurmctld_here", {}, here
    yield "slurm_ha_vip_here", {}, host.vip_is_here(settings.vip)
    epoch, owner = share.claim()
    yield "slurm_ha_epoch", {}, epoch
    yield "slurm_ha_owner", {"controller": owner}, owner == share.me
    _, age = share.heartbeat(owner)
    if age != float("inf"):
        yield "slurm_ha_heartbeat_age_seconds", {}, age
    yield "slurm_ha_suspects", {}, len(share.suspects())
    saved = share.spool / "job_state"
    if saved.exists():
        yield "slurm_ha_state_age_seconds", {}, share.now() - saved.stat().st_mtime


def of_slurm(host: Host) -> list[Sample]:
    """Nothing of what does not answer: an old number would be a wrong one."""

    def ask(*command: str) -> str | None:
        done = host.ask("timeout", PATIENCE, "env", "SLURM_TIME_FORMAT=%s", *command)
        return None if done.code else done.stdout

    diag = ask("sdiag")
    # An empty queue is an answer.
    queue = ask("squeue", "--noheader", "--all", "--states=all", "--format=%T|%P|%V|%r|%S")
    nodes = ask("sinfo", "--noheader", "--all", "--Node", "--format=%N|%T|%R")
    found = [*of_diag(diag), *of_jobs(queue, int(host.wall()), partitions_in(nodes)), *of_nodes(nodes)]
    return [("slurm_ha_answers", {}, None not in (diag, queue, nodes)), *found]


def of_diag(text: str | None) -> Iterator[Sample]:
    names = DIAG
    for line in (text or "").splitlines():
        if line.startswith("Main schedule statistics"):
            names = MAIN_CYCLE
        elif line.startswith("Backfilling stats"):
            names = BACKFILL
        elif line.startswith(("Latency", "Remote Procedure Call")):
            return
        elif found := re.match(r"\s*([A-Za-z ]+?):\s+(\d+)$", line):
            if name := names.get(found[1]):
                yield f"slurm_{name}", {}, int(found[2])


def of_jobs(text: str | None, now: int, partitions: set[str]) -> Iterator[Sample]:
    """Jobs in slurmctld's memory by state, as Slurm's own metrics count them; how long those wait that could run."""
    if text is None:
        return
    jobs = [line.split("|") for line in text.splitlines() if line.count("|") == 4]
    states = Counter(state.lower() for state, *_ in jobs)
    yield "slurm_jobs", {}, len(jobs)
    for state in JOBS:
        yield f"slurm_jobs_{JOB_NAMES.get(state, state)}", {}, states[state]
    waits = dict.fromkeys(partitions, 0)
    by_partition = Counter((partition, state.lower()) for state, partition, *_ in jobs)
    for state, wished, submitted, reason, _ in jobs:
        if state == "PENDING" and submitted.isdigit() and not NOT_YET.fullmatch(reason):
            for partition in wished.split(","):
                waits[partition] = max(waits.get(partition, 0), now - int(submitted))
    for partition in sorted(partitions | {p for p, _ in by_partition}):
        for state in ("pending", "running"):
            yield f"slurm_partition_jobs_{state}", {"partition": partition}, by_partition[partition, state]
    yield "slurm_ha_jobs_wait_seconds_max", {}, max(waits.values(), default=0)
    for partition, wait in sorted(waits.items()):
        yield "slurm_ha_partition_jobs_wait_seconds_max", {"partition": partition}, wait


def in_partitions(text: str | None) -> list[list[str]]:
    """A node's name, its state and a partition of it, as often as it is in one."""
    return [line.split("|") for line in (text or "").splitlines() if line.count("|") == 2]


def partitions_in(nodes: str | None) -> set[str]:
    return {partition for _, _, partition in in_partitions(nodes)}


def of_nodes(text: str | None) -> Iterator[Sample]:
    """Each node once, however many partitions it is in."""
    if text is None:
        return
    lines = in_partitions(text)
    words = {name: state for name, state, _ in lines}
    states = Counter(word(state) for state in words.values())
    yield "slurm_nodes", {}, len(words)
    for state in NODES:
        yield f"slurm_nodes_{NODE_NAMES.get(state, state)}", {}, states[state]
    yield "slurm_nodes_drain", {}, states["drained"] + states["draining"]
    yield "slurm_nodes_noresp", {}, sum("*" in state for state in words.values())
    partitions: dict[str, set[str]] = {}
    for name, _, partition in lines:
        partitions.setdefault(partition, set()).add(name)
    for partition, members in sorted(partitions.items()):
        labels = {"partition": partition}
        yield "slurm_partition_nodes", labels, len(members)
        yield "slurm_partition_nodes_idle", labels, sum(word(words[name]) == "idle" for name in members)


def word(state: str) -> str:
    """A state without the signs behind it: "idle*" is one that does not answer."""
    return re.sub(r"[^a-z_].*$", "", state.lower())


def rendered(samples: list[Sample]) -> str:
    """In Prometheus' format. All are gauges: what slurmctld counts begins anew with it, and at midnight."""
    lines: dict[str, list[str]] = {}
    for name, labels, value in samples:
        known = lines.setdefault(name, [f"# TYPE {name} gauge"])
        inside = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
        known.append(f"{name}{{{inside}}} {float(value):.10g}" if inside else f"{name} {float(value):.10g}")
    return "".join(f"{line}\n" for known in lines.values() for line in known)


def escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
