from pathlib import Path

import pytest

from slurm_ha.host import Host
from slurm_ha.messages import Refused
from slurm_ha.share import HISTORY, Share
from tests.fake import FakeHost


def test_is_fit(share: Share) -> None:
    share.take(7)
    share.check()
    assert (share.local / "epoch").read_text() == "7\n"


def test_not_mounted(share: Share, host: FakeHost) -> None:
    host.mounted = False
    with pytest.raises(Refused, match="is not mounted"):
        share.check()


def test_another_share(share: Share) -> None:
    (share.ha / "identity").write_text("test 2\n")
    with pytest.raises(Refused, match="is not the share this controller was set up with"):
        share.check()
    (share.ha / "identity").unlink()
    with pytest.raises(Refused, match=r"no proof that .* is the state share: .*/ha/identity is missing"):
        share.check()


def test_an_old_copy(share: Share) -> None:
    (share.local / "epoch").write_text("9\n")
    share.take(8)
    with pytest.raises(Refused, match="is stale: it is at epoch 8, this controller has seen 9"):
        share.check()


def test_lost_job_state(share: Share) -> None:
    share.note_state()
    share.check_state()  # of a new cluster
    (share.spool / "job_state.old").touch()
    share.note_state()
    share.check_state()
    (share.spool / "job_state.old").unlink()
    with pytest.raises(Refused, match="has no job state although the cluster has had one"):
        share.check_state()


def test_a_claim_has_one_winner(share: Share, other: Share) -> None:
    assert share.claim() == (0, "")
    share.take(1)
    with pytest.raises(Refused, match="another controller claimed epoch 1 at the same moment"):
        other.take(1)
    assert other.claim() == (1, "m1")
    assert list(share.ha.glob("claim.*")) == []


def test_claims_are_compared_as_numbers_and_old_ones_go(share: Share) -> None:
    for epoch in range(1, 32):
        share.take(epoch)
    assert share.claim() == (31, "m1")
    assert sorted(int(p.name[6:]) for p in share.ha.glob("epoch.*")) == list(range(11, 32))


def test_heartbeat(share: Share, other: Share, host: FakeHost) -> None:
    assert other.heartbeat("m1") == ("none", float("inf"))
    share.beat("held")
    host.time += 1.5
    word, age = other.heartbeat("m1")
    assert (word, round(age, 3)) == ("held", 1.5)


def test_wishes_of_others_are_heard_for_a_second(share: Share, other: Share, host: FakeHost) -> None:
    share.want()
    assert share.wanted() == ""
    assert other.wanted() == "m1"
    host.time += 1.1
    assert other.wanted() == ""


def test_history_ends_what_it_began_once(share: Share) -> None:
    share.ended()
    assert share.events() == []
    share.record("start 1")
    share.ended()
    share.ended()
    assert share.events() == ["1000.000 start 1", "1000.000 end"]


def test_history_is_bounded_and_survives_a_torn_line(share: Share) -> None:
    for _ in range(HISTORY + 5):
        share.record("off m2")
    assert len(share.events()) == HISTORY
    (share.ha / "history.m1").write_text("1000.0")
    share.ended()


def test_suspicion_ends_with_the_end(share: Share, other: Share) -> None:
    share.suspect("m2")
    assert share.suspects() == ["m2"]
    other.ended()
    assert share.suspects() == []


def test_write_replaces_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    Host().write(path, "longer\n")
    Host().write(path, "short\n")
    assert path.read_text() == "short\n"
    Host().write(path, "")
    assert path.read_text() == "."
    assert path.stat().st_mode & 0o777 == 0o600
