import pytest

from slurm_ha.fencing import fenced, try_fencing
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


@pytest.mark.parametrize("codes", [[0], [2], [1, 0]])
def test_the_way_to_the_hypervisor_is_there(codes: list[int], settings: Settings, host: FakeHost) -> None:
    host.codes["fence_virt"] = codes
    try_fencing(settings, host)
    assert host.ran[-1] == "fence_virt -T 192.0.2.101 -p 1229 -k /etc/slurm/fence.key -n m2 -o status -t 4"


def test_the_way_to_the_hypervisor_is_not_there(settings: Settings, host: FakeHost) -> None:
    host.codes["fence_virt"] = [1]
    host.says["fence_virt"] = "Operation failed\n"
    with pytest.raises(Refused, match=r"^m2 could not be fenced: .*192\.0\.2\.101:1229, .* \(Operation failed\)$"):
        try_fencing(settings, host)
    assert not any(" -o off" in line for line in host.ran)
