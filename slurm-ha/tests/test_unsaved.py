import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slurm_ha.guard import guard, release
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from slurm_ha.unsaved import MARGIN, Head, Ids, head_of, in_log
from slurm_ha.watch import watch
from tests.fake import FakeHost, settings_of

# The beginning of one that Slurm 22.05 wrote; the next id is 2.
STATE = (
    bytes.fromhex("00000011") + b"PROTOCOL_VERSION\0" + bytes.fromhex("26000000000069087e310000000200000000") + b"jobs"
)
# And of one that 24.11 wrote; the next id is 6.
STATE_24_11 = (
    bytes.fromhex("00000011") + b"PROTOCOL_VERSION\0" + bytes.fromhex("2a00000000006b09780a00000006") + b"jobs"
)
PLACE = 31


def state(number: int) -> bytes:
    return STATE[:PLACE] + struct.pack(">I", number) + STATE[PLACE + 4 :]


def test_the_next_id() -> None:
    assert head_of(STATE) == Head(38, PLACE, 2)
    assert head_of(STATE_24_11) == Head(42, PLACE, 6)
    for other in (b"", STATE[:20], STATE[:33], STATE.replace(b"PROTOCOL", b"EBCDICOL")):
        assert head_of(other) is None


@pytest.mark.parametrize(("read", "other"), [("36-38", STATE_24_11), ("39-42", STATE)])
def test_a_state_of_another_slurm_is_refused_and_left_alone(
    tmp_path: Path, host: FakeHost, spool: Path, other: bytes, read: str
) -> None:
    (spool / "job_state").write_bytes(other)
    settings = settings_of(tmp_path, "m1", more=f"STATES={read}\n")
    # And no VIP is taken for it.
    for begin in (guard, watch):
        with pytest.raises(Refused, match=r"job_state is of Slurm 2.* and this slurmctld reads Slurm 2.* to .*docs"):
            begin(settings, host)
    assert (spool / "job_state").read_bytes() == other
    assert not list((tmp_path / "share/ha").glob("epoch.*"))


@pytest.mark.parametrize(("read", "own"), [("36-38", STATE), ("39-42", STATE_24_11), ("39-42", b"")])
def test_its_own_is_not(tmp_path: Path, host: FakeHost, spool: Path, read: str, own: bytes) -> None:
    (spool / "job_state").write_bytes(own)
    guard(settings_of(tmp_path, "m1", more=f"STATES={read}\n"), host)


@given(st.integers(1, 900), st.integers(0, 400))
def test_ids_begin_anew(number: int, more: int) -> None:
    ids = Ids("FirstJobId=100\nMaxJobId=1000\n")
    number += 100 if number < 100 else 0
    later = ids.plus(number, more)
    assert 100 <= later < 1000
    assert ids.ahead(later, number) == more
    assert ids.ahead(number, later) == -more


@pytest.fixture
def spool(share: Share) -> Path:
    (share.spool / "job_state").write_bytes(state(918))
    share.log.parent.mkdir(exist_ok=True)
    return share.spool


def job(spool: Path, number: int, script: str = "#!/bin/sh\n") -> None:
    directory = spool / f"hash.{number % 10}/job.{number}"
    directory.mkdir(parents=True)
    (directory / "script").write_text(f"{script}\0")
    (directory / "environment").write_bytes(b"\0\0\0\0USER=ann\0")


def crash(settings: Settings, host: FakeHost) -> None:
    guard(settings, host)
    release(settings, host)


def counts_on_from(spool: Path, name: str = "job_state") -> int:
    head = head_of((spool / name).read_bytes())
    assert head
    return head.number


def test_after_a_crash_no_id_comes_again(
    settings: Settings, host: FakeHost, spool: Path, share: Share, capsys: pytest.CaptureFixture[str]
) -> None:
    (spool / "job_state.old").write_bytes(state(900))
    for number in (12, 917, 918, 921):
        job(spool, number)
    crash(settings, host)
    before = (spool / "job_state").read_bytes()
    guard(settings, host)
    assert counts_on_from(spool) == counts_on_from(spool, "job_state.old") == 921 + MARGIN
    after = (spool / "job_state").read_bytes()
    assert (before[:PLACE], before[PLACE + 4 :]) == (after[:PLACE], after[PLACE + 4 :])
    assert sorted(path.name for path in share.lost.iterdir()) == ["918", "921"]
    assert (share.lost / "921/script").read_text() == "#!/bin/sh\n\0"
    assert (spool / "hash.1/job.921/script").exists()
    assert f"acknowledged and not saved, kept in {share.lost}: jobs 918, 921\n" in capsys.readouterr().err


def test_what_is_lost_is_marked_where_the_site_wants_it_again(
    tmp_path: Path, settings: Settings, host: FakeHost, spool: Path, share: Share
) -> None:
    job(spool, 921)
    crash(settings, host)
    guard(settings, host)
    assert not (share.lost / "921/again").exists()
    job(spool, 1922)
    guard(settings_of(tmp_path, "m1", more="RESUBMIT_LOST=yes\n"), host)
    assert (share.lost / "1922/again").exists()
    # It was there before: that is a person's to decide.
    assert not (share.lost / "921/again").exists()


def test_also_on_the_other_controller(settings: Settings, host: FakeHost, spool: Path, other: Share) -> None:
    other.take(1)
    other.beat("held")
    other.record("start 1")
    other.ended()
    other.beat("released")
    guard(settings, host)
    assert counts_on_from(spool) == 918 + MARGIN


def test_nothing_is_skipped_after_an_end_in_good_order(
    settings: Settings, host: FakeHost, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard(settings, host)
    monkeypatch.setenv("SERVICE_RESULT", "success")
    release(settings, host)
    guard(settings, host)
    assert counts_on_from(spool) == 918


def test_ids_of_jobs_without_a_script_are_in_the_log(
    settings: Settings, host: FakeHost, spool: Path, share: Share
) -> None:
    crash(settings, host)
    share.log.write_text(LOG)
    guard(settings, host)
    assert counts_on_from(spool) == 925 + MARGIN


LOG = """\
[2026-11-26T19:40:34.832] _slurm_rpc_submit_batch_job: JobId=919 InitPrio=0 usec=602
[2026-11-26T19:40:34.844] _slurm_rpc_submit_batch_het_job: JobId=920 usec=739
[2026-11-26T19:40:34.856] sched: _slurm_rpc_allocate_resources JobId=922 NodeList=(null) usec=169
[2026-11-26T19:40:35.727] sched: Allocate JobId=919_1(923) NodeList=compute1 #CPUs=1 Partition=main
[2026-11-26T19:40:35.727] sched/backfill: _start_job: Started JobId=919_2(925) in main on compute1
[2026-11-26T19:40:40.862] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=9999999 uid 0
[2026-11-26T19:40:40.866] update_job_str: invalid JobId=8888888
[2026-11-26T19:40:40.866] _slurm_rpc_update_job: JobId=8888888 uid=0: Invalid job id specified
"""


def test_ids_that_somebody_made_up_are_not_among_them(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert in_log(path) == set()
    path.write_text(LOG)
    assert in_log(path) == {919, 920, 922, 923, 925}
    path.rename(tmp_path / "log.1")
    path.write_text("[2026-11-26T19:40:41.000] _slurm_rpc_submit_batch_job: JobId=930 InitPrio=0 usec=602\n")
    assert in_log(path) == {919, 920, 922, 923, 925, 930}


def test_after_the_last_id_comes_the_first(settings: Settings, host: FakeHost, spool: Path, share: Share) -> None:
    (share.root / "config/slurm.conf").write_text("ClusterName=test\nFirstJobId=10\nMaxJobId=5000\n")
    (spool / "job_state").write_bytes(state(4998))
    for number in (4990, 4998, 4999, 10, 11):
        job(spool, number)
    crash(settings, host)
    guard(settings, host)
    assert counts_on_from(spool) == 11 + MARGIN
    assert sorted(int(path.name) for path in share.lost.iterdir()) == [10, 11, 4998, 4999]


def test_a_format_that_is_not_known_is_left_alone(
    settings: Settings, host: FakeHost, spool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crash(settings, host)
    (spool / "job_state").write_bytes(b"another")
    guard(settings, host)
    assert (spool / "job_state").read_bytes() == b"another"
    assert "ids may be given out twice" in capsys.readouterr().err
