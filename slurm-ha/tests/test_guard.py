import pytest

from slurm_ha.guard import guard, release
from slurm_ha.host import Process
from slurm_ha.messages import Refused
from slurm_ha.settings import Settings
from slurm_ha.share import Share
from tests.fake import FakeHost, FakeProcess


class Hypervisor:
    """What fence_virt answers, question by question: exit codes."""

    def __init__(self, host: FakeHost, *codes: int, seconds: float = 0.1) -> None:
        self.host, self.codes, self.seconds = host, list(codes), seconds
        self.asked: list[str] = []
        host.processes = self.answer

    def answer(self, command: str) -> Process:
        self.asked.append(command.split(" -o ")[1].split()[0])
        return FakeProcess(self.host, self.codes.pop(0), "said\n", self.seconds)


def test_the_first_start(settings: Settings, host: FakeHost, share: Share, capsys: pytest.CaptureFixture[str]) -> None:
    guard(settings, host)
    assert share.claim() == (1, "m1")
    assert share.heartbeat("m1")[0] == "held"
    assert share.events() == ["1000.000 start 1"]
    assert settings.applied.read_text() == "ClusterName=test\n"
    assert capsys.readouterr().err == "slurm-ha: epoch 1 (before: nobody)\n"


def test_recovers_all_that_was_set(settings: Settings, host: FakeHost) -> None:
    guard(settings, host)
    assert settings.start.read_text() == "RECOVER=-R\n"


@pytest.mark.parametrize(
    ("result", "seconds", "recover"),
    [("exit-code", 2, ""), ("exit-code", 61, "-R"), ("success", 2, "-R"), ("signal", 2, "-R")],
)
def test_not_again_what_one_gave_up_on(
    result: str, seconds: float, recover: str, settings: Settings, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a partition with a node that is no longer there: slurmctld does not start with it."""
    guard(settings, host)
    host.time += seconds
    monkeypatch.setenv("SERVICE_RESULT", result)
    release(settings, host)
    guard(settings, host)
    assert settings.start.read_text() == f"RECOVER={recover}\n"


def test_not_without_the_vip(settings: Settings, host: FakeHost, share: Share) -> None:
    host.vip = False
    with pytest.raises(Refused, match=r"the VIP 192\.0\.2\.9 is not on this machine"):
        guard(settings, host)
    assert share.claim() == (0, "")


def test_not_beside_one_that_lives(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    other.take(1)
    host.asleep = lambda: other.beat("held")
    other.beat("held")
    with pytest.raises(Refused, match=r"m2 is alive: its heartbeat on .* is 0\.0 s old"):
        guard(settings, host)
    assert host.time == pytest.approx(1015, abs=0.3)
    assert other.wanted() == "m1"
    assert share.claim() == (1, "m2")


def test_waits_for_a_release(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    other.take(1)
    other.beat("held")
    host.asleep = lambda: other.beat("released" if host.time > 1000.5 else "held")
    guard(settings, host)
    assert host.time == pytest.approx(1000.6, abs=0.2)
    assert share.claim() == (2, "m1")
    assert host.ran == [line for line in host.ran if not line.startswith("fence_virt")]


def test_not_when_the_vip_leaves_meanwhile(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    other.take(1)
    other.beat("held")

    def leave() -> None:
        host.vip = False
        other.beat("released")

    host.asleep = leave
    with pytest.raises(Refused, match="went away while waiting for m2"):
        guard(settings, host)
    assert share.claim() == (1, "m2")


def test_switches_a_silent_one_off(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    other.take(1)
    other.beat("held")
    host.time += 2.5
    hypervisor = Hypervisor(host, 0, 0, 2)
    guard(settings, host)
    assert hypervisor.asked == ["status", "off", "status"]
    assert share.suspects() == []
    assert [e.split(" ", 1)[1] for e in share.events()] == ["off m2", "start 2"]
    (on,) = (line for line in host.ran if line.startswith("systemd-run"))
    assert "fence_virt -T 192.0.2.101 -p 1229 -k /etc/slurm/fence.key -n m2 -o on -t 4" in on


def test_one_that_is_late_is_not_waited_for_when_it_is_off(settings: Settings, host: FakeHost, other: Share) -> None:
    other.take(1)
    other.beat("held")
    host.time += 1.1
    hypervisor = Hypervisor(host, 2, 2)
    guard(settings, host)
    assert hypervisor.asked == ["status", "status"]
    assert host.time < 1002


def test_one_that_is_late_is_waited_for_when_it_is_on(settings: Settings, host: FakeHost, other: Share) -> None:
    other.take(1)
    other.beat("held")
    host.time += 1.1
    host.asleep = lambda: other.beat("released") if host.time > 1001.3 else None
    hypervisor = Hypervisor(host, *[0] * 9)
    guard(settings, host)
    assert set(hypervisor.asked) == {"status"}


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        ((1,), r"the hypervisor of m2 did not status it \(said\); once it is off for certain: slurm-ha fenced m2"),
        ((0, 1), "the hypervisor of m2 did not off it"),
        ((0, 0, 0), "m2 does not go off; once it is for certain: slurm-ha fenced m2"),
    ],
)
def test_not_while_the_silent_one_may_be_on(
    codes: tuple[int, ...], text: str, settings: Settings, host: FakeHost, share: Share, other: Share
) -> None:
    other.take(1)
    Hypervisor(host, *codes)
    with pytest.raises(Refused, match=text):
        guard(settings, host)
    assert share.suspects() == ["m2"]
    assert not settings.applied.exists()
    # Nor at the next try, when the claim is this machine's own.
    release(settings, host)
    Hypervisor(host, 1)
    with pytest.raises(Refused, match="did not status it"):
        guard(settings, host)


def test_a_hypervisor_that_hangs_is_given_up_while_heartbeats_go_on(
    settings: Settings, host: FakeHost, share: Share, other: Share
) -> None:
    other.take(1)
    Hypervisor(host, 0, seconds=99)
    with pytest.raises(Refused, match="did not status it"):
        guard(settings, host)
    assert host.time == pytest.approx(1005.5, abs=0.6)
    assert share.heartbeat("m1")[1] <= 0.5


def test_not_when_another_claims_meanwhile(settings: Settings, host: FakeHost, other: Share) -> None:
    other.take(1)
    Hypervisor(host, 2)
    host.asleep = lambda: other.take(other.claim()[0] + 1)
    with pytest.raises(Refused, match="another controller claimed the state meanwhile"):
        guard(settings, host)
    assert not settings.applied.exists()


def test_release_gives_up_only_what_is_ones_own(settings: Settings, host: FakeHost, share: Share, other: Share) -> None:
    guard(settings, host)
    release(settings, host)
    assert share.heartbeat("m1")[0] == "released"
    assert share.events()[-1].endswith(" end")
    share.beat("held")
    other.take(2)
    release(settings, host)
    assert share.heartbeat("m1")[0] == "held"
