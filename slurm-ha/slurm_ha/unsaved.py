"""What a slurmctld that crashed had acknowledged and not saved: ids that must not come again, and jobs that are lost.

It saves its state every five seconds at most (a constant of its source). A batch job's script is in the spool at
once, and in its log each id as it is given out. So before the next one starts the number in the state from which it
counts on is set above all of these, and what is in the spool of jobs that the state does not know is kept aside:
slurmctld removes it from there.
"""

import os
import re
import struct
from pathlib import Path
from typing import NamedTuple

from slurm_ha.host import Host
from slurm_ha.lost import AGAIN
from slurm_ha.messages import Refused, log
from slurm_ha.share import Share

MARGIN = 1000  # ids that a machine may have given out in the moment before it died, without a word on the share
TAIL = 1 << 20  # bytes of the log that are read: of five thousand jobs, and those with a script are in the spool
LINKING = 16  # files at a time: a share answers each in a millisecond
JOB_FILES = "script", "environment"
# Slurm's releases by the number that their state has (SLURM_PROTOCOL_VERSION).
RELEASES = {36: "20.11", 37: "21.08", 38: "22.05", 39: "23.02", 40: "23.11", 41: "24.05", 42: "24.11"}
# Lines in which an id is given out, by whatever name; others name ids that somebody made up.
GIVEN_OUT = re.compile(
    rb"^\[[^\]]*\] (?:sched\S*: )?(?:_slurm_rpc_(?:submit|allocate)_\w+:?|Allocate|_start_job: Started)"
    rb" JobId=(\d+)(?:[_+][^\s(]*\((\d+)\))?",
    re.MULTILINE,
)


class Ids:
    """The order of Slurm's ids, which begin anew after MaxJobId."""

    def __init__(self, config: str) -> None:
        self.first, self.last = option(config, "FirstJobId", 1), option(config, "MaxJobId", 0x03FF0000)

    def ahead(self, number: int, of: int) -> int:
        """How far `number` is from `of` on; negative when it was before."""
        span = self.last - self.first
        distance = (number - of) % span
        return distance if distance < span // 2 else distance - span

    def plus(self, number: int, more: int) -> int:
        return self.first + (number - self.first + more) % (self.last - self.first)


def option(config: str, key: str, default: int) -> int:
    found = re.search(rf"^\s*{key}\s*=\s*(\d+)", config, re.IGNORECASE | re.MULTILINE)
    return int(found[1]) if found else default


class Head(NamedTuple):
    """The beginning of job_state, the same in 22.05 and in 24.11: a text with its length, the version of the format
    (16 bits), the time (64), the id that comes next (32)."""

    release: int  # of the version: its first byte, which counts Slurm's releases
    place: int  # of the id
    number: int


def head_of(state: bytes) -> Head | None:
    """None of a format that is not known."""
    if len(state) < 4:
        return None
    (length,) = struct.unpack_from(">I", state)
    place = 4 + length + 2 + 8
    if state[4 : 4 + length] != b"PROTOCOL_VERSION\0" or len(state) < place + 4:
        return None
    return Head(state[4 + length], place, struct.unpack_from(">I", state, place)[0])


def check_release(share: Share, states: range) -> None:
    """slurmctld itself gives up on others, in words that do not say what to do. @param states: that it reads"""
    for state in saved_states(share)[:1]:
        with state.open("rb") as f:
            head = head_of(f.read(64))
        if head and head.release not in states:
            raise Refused(
                f"{state} is of {called(head.release)}, and this slurmctld reads {called(states[0])} to "
                f"{called(states[-1])}. Nothing was changed. Slurm cannot go from one to the other in place: "
                "docs/slurm.md, Another Slurm"
            )


def called(release: int) -> str:
    name = RELEASES.get(release)
    return f"Slurm {name}" if name else f"a Slurm that is not known (format {release})"


def saved_states(share: Share) -> list[Path]:
    """What slurmctld reads, and what it reads when that is not there."""
    return [path for path in (share.spool / "job_state", share.spool / "job_state.old") if path.exists()]


def skip_unsaved(share: Share, host: Host, again: bool) -> None:
    """For a start after a crash. @param again: what is lost is to be submitted again by itself"""
    states = saved_states(share)
    if not states:
        return
    spool, ids = in_spool(share.spool), Ids(share.config())
    known = {*spool, *in_log(share.log)}
    for state in states:
        with state.open("r+b", buffering=0) as f:
            head = head_of(f.read(64))
            if head is None:
                log(f"{state} has a format that is not known: ids may be given out twice")
                continue
            _, place, number = head
            if state == states[0]:
                keep_aside(share, host, {job: spool[job] for job in spool if ids.ahead(job, number) >= 0}, again)
            highest = max(ids.ahead(job, number) for job in {number, *known})
            os.pwrite(f.fileno(), struct.pack(">I", ids.plus(number, highest + MARGIN)), place)
            os.fsync(f.fileno())


def in_spool(spool: Path) -> dict[int, str]:
    """Directories of batch jobs by their id."""
    return {
        int(name[4:]): f"{bucket}/{name}"
        for bucket in spool.glob("hash.*")
        for name in os.listdir(bucket)
        if name.startswith("job.") and name[4:].isdigit()
    }


def in_log(path: Path) -> set[int]:
    """Ids that were last spoken of; of a task of an array, or a part of a job, its own."""
    return {int(own or job) for job, own in GIVEN_OUT.findall(log_tail(path))}


def log_tail(path: Path) -> bytes:
    """The end of slurmctld's log."""
    text = b""
    for part in (path, path.with_name(f"{path.name}.1")):  # the older one when it was just rotated
        if part.exists() and len(text) < TAIL:
            with part.open("rb") as f:
                f.seek(max(0, part.stat().st_size - TAIL))
                text = f.read() + text
    return text


def keep_aside(share: Share, host: Host, lost: dict[int, str], again: bool) -> None:
    """By links. One that was saved in the very last moment may be among them: slurm-keep finds that out."""
    from concurrent.futures import ThreadPoolExecutor

    if not lost:
        return
    share.lost.mkdir(mode=0o700, exist_ok=True)

    def link(job: int) -> None:
        aside = share.lost / str(job)
        new = not aside.exists()
        aside.mkdir(mode=0o700, exist_ok=True)
        for name in JOB_FILES:
            try:
                host.link(Path(lost[job], name), aside / name)
            except (FileNotFoundError, FileExistsError):
                pass
        if new and again:
            (aside / AGAIN).touch()

    with ThreadPoolExecutor(LINKING) as pool:
        list(pool.map(link, lost))
    log(f"acknowledged and not saved, kept in {share.lost}: jobs {', '.join(map(str, sorted(lost)))}")
