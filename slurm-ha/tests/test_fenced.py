import pytest

from slurm_ha.fencing import fenced
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost


def test_only_one_that_is_waited_for(settings: Settings, host: FakeHost) -> None:
    with pytest.raises(Refused, match="nobody waits for m2 to be off; waited for: nobody"):
        fenced(settings, host, "m2")


def test_not_one_that_lives(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    share.suspect("m2")
    other.beat("held")
    with pytest.raises(Refused, match=r"m2 is alive: its heartbeat is 0\.0 s old"):
        fenced(settings, host, "m2")
    assert share.suspects() == ["m2"]


def test_the_operators_word(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    share.suspect("m2")
    other.beat("held")
    host.time += 3
    fenced(settings, host, "m2")
    assert share.suspects() == []
