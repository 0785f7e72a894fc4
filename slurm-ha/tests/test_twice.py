import pytest

from slurm_ha.share import Share
from slurm_ha.twice import give_back
from tests.fake import FakeHost

BEFORE = """[2026-11-27T00:00:01.000] sched: Allocate JobId=918 NodeList=a #CPUs=2 Partition=main
[2026-11-27T00:00:02.000] sched/backfill: _start_job: Started JobId=920_7(924) in main on b
"""
START = "[2026-11-27T00:00:05.000] slurmctld version 22.05.8 started on cluster hpc\n"
AFTER = "[2026-11-27T00:00:06.000] sched: Allocate JobId=930 NodeList=c #CPUs=2 Partition=main\n"
RESUMED = "scontrol update NodeName=a State=RESUME"


@pytest.fixture(autouse=True)
def crashed(host: FakeHost, share: Share) -> None:
    share.log.parent.mkdir()
    share.log.write_text(BEFORE + START + AFTER)
    host.says["sinfo"] = (
        "a|drained|Duplicate jobid\na|drained|Duplicate jobid\nb|idle|none\nc|drained|a person's | reason\n"
    )
    host.says["squeue"] = (
        "918|PD|launch failed requeued held\n924|PD|launch failed requeued held\n930|PD|launch failed requeued held\n"
        "917|PD|JobHeldAdmin\n"
    )


def told(host: FakeHost) -> list[str]:
    return [line for line in host.ran if line.startswith("scontrol")]


def test_node_and_jobs_are_given_back(host: FakeHost, share: Share, capsys: pytest.CaptureFixture[str]) -> None:
    give_back(share, host)
    # 930 was not started by the one before: a prolog of its node has failed, perhaps.
    assert told(host) == ["scontrol release 918", "scontrol release 924", RESUMED]
    assert "a takes jobs again" in capsys.readouterr().err
    # By Slurm's name of the node: its host's may be another.
    assert "sinfo -h -N -o %N|%T|%E" in host.ran


def test_not_before_the_first_copy_has_ended(host: FakeHost, share: Share) -> None:
    host.says["sinfo"] = "a|draining|Duplicate jobid\n"
    host.says["squeue"] = "918|CG|launch failed requeued held\n"
    give_back(share, host)
    assert told(host) == []


def test_what_is_drained_for_another_reason_stays_and_so_do_held_jobs(host: FakeHost, share: Share) -> None:
    host.says["sinfo"] = "a|drained|Prolog error\n"
    give_back(share, host)
    assert told(host) == []
